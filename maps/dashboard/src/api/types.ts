/**
 * The server's answers as the page reads them. The models of the server itself are generated
 * (`types.gen.ts`); what other standards shape (GeoJSON, JSON Schema, the style) is written here.
 */
import type { Lang, Text } from '../i18n/index.ts';

export type {
  CodeOffer,
  FloodRequest,
  ImpactAnswer,
  Me,
  NewTokenFacts,
  Provenance,
  TokenFacts,
} from './types.gen.ts';

/** West, south, east, north in degrees (EPSG:4326). */
export type BBox = readonly [west: number, south: number, east: number, north: number];

export type Shape = 'circle' | 'triangle' | 'diamond' | 'square' | 'house' | 'cross' | 'heart';

export interface LegendClass {
  readonly key: string;
  readonly label: Text;
  readonly color: string;
  readonly outline?: string | null;
  /** Marker diameter or line width in CSS pixels. */
  readonly size?: number | null;
  readonly kind: 'fill' | 'line' | 'circle' | 'icon';
  readonly shape?: Shape | null;
  readonly dash?: readonly number[] | null;
}

/** How old what one sees of a layer is, in whole days and in words. */
export interface Age {
  readonly as_of: string | null;
  readonly age_days: number | null;
  readonly expected_days: number | null;
  readonly state: 'fresh' | 'stale' | 'timeless' | 'empty';
  readonly says: Text;
}

/** One layer of the legend; the style's root metadata `muang:legend` is a list of these. */
export interface LegendLayer {
  readonly layer: string;
  readonly title: Text;
  readonly visible: boolean;
  readonly min_zoom?: number | null;
  readonly classes: readonly LegendClass[];
  readonly freshness?: Age;
}

export type Scalar = string | number | boolean | null;
export type Properties = Readonly<Record<string, Scalar | readonly Scalar[]>>;

export interface Feature {
  readonly type: 'Feature';
  readonly id: number | string;
  readonly geometry: GeoJSON.Geometry | null;
  readonly properties: Properties;
}

export interface FeaturePage {
  readonly features: readonly Feature[];
  readonly numberMatched?: number;
  readonly numberReturned?: number;
}

/** One property of `/ogc/collections/{layer}/schema` (JSON Schema 2020-12). */
export interface PropertySchema {
  readonly title?: string;
  readonly description?: string;
  readonly type?: string | readonly string[];
  readonly format?: string;
  readonly items?: PropertySchema;
  readonly enum?: readonly Scalar[];
  readonly 'x-enumLabels'?: Readonly<Record<string, string>>;
  readonly 'x-unit'?: string;
  readonly 'x-system'?: boolean;
  readonly 'x-ogc-role'?: string;
}

export interface LayerSchema {
  readonly title?: string;
  readonly description?: string;
  readonly properties: Readonly<Record<string, PropertySchema>>;
}

/** Numbers of one thing the water touches, read without knowing which thing it is. */
export interface Exposure {
  readonly count?: number;
  readonly suppressed?: boolean;
  readonly [measure: string]: unknown;
}

export interface ChangeEvent {
  readonly pos: number;
  readonly layer: string;
  readonly op: string;
  /** null where the caller may not know how many, or where. */
  readonly n: number | null;
  readonly bbox: BBox | null;
  readonly at: string;
}

export interface Beat {
  readonly pos: number;
  readonly at: string;
}

export interface TownStyle {
  readonly version: 8;
  readonly sources: Readonly<Record<string, unknown>>;
  readonly layers: readonly unknown[];
  readonly metadata?: {
    readonly 'muang:legend'?: readonly LegendLayer[];
    /** SVG path data in a box of 24 × 24, by shape. */
    readonly 'muang:shapes'?: Readonly<Record<string, string>>;
    readonly 'muang:scenario'?: { readonly default: Readonly<Record<string, unknown>> };
  };
}

/** `/styles/basemap.json`; without sources there is no basemap yet. */
export interface BasemapStyle extends Omit<TownStyle, 'metadata'> {
  readonly metadata: {
    /** OpenStreetMap's credit where its data are on the map. */
    readonly 'muang:osm'?: Text | null;
  };
}

/** `/rasters/{id}.json`: TileJSON with a legend, in the language it was asked for. */
export interface RasterEntry {
  readonly name: string;
  readonly tiles: readonly string[];
  readonly minzoom: number;
  readonly maxzoom: number;
  readonly bounds: BBox;
  readonly legend: readonly {
    readonly key: string;
    readonly label: string;
    readonly color: string;
  }[];
  readonly raster: { readonly id: string; readonly kind: string; readonly source: string };
}

export interface Collection {
  readonly id: string;
  readonly title?: string;
  readonly 'muang:freshness'?: Age;
}

export type { Lang };
