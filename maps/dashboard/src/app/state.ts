import type {
  BasemapStyle,
  BBox,
  Collection,
  Feature,
  FeaturePage,
  ImpactAnswer,
  LayerSchema,
  LegendLayer,
  Me,
  RasterEntry,
  TownStyle,
} from '../api/types.ts';
import type { Zone } from '../flood/zones.ts';
import type { Lang } from '../i18n/index.ts';
import type { LiveState } from '../live/stream.ts';
import type { Leaving } from './leaving.ts';
import { type Loadable, nothing } from './loadable.ts';
import type { Position, View } from './url.ts';

/**
 * The water that is asked about: a whole flood by its key (`return_period:100`, whatever parts it
 * is drawn in), single zones by record number, all zones, or a drawn area.
 */
export type Water =
  | { readonly kind: 'flood'; readonly key: string }
  | { readonly kind: 'zones'; readonly ids: readonly number[] }
  | { readonly kind: 'all' }
  | { readonly kind: 'drawn'; readonly ring: readonly Position[] };

export interface Hit {
  readonly layer: string;
  readonly id: string;
  /** What the tile said of it, enough to name it in a list. */
  readonly hint: string;
}

export interface RecordView {
  readonly feature: Feature;
  readonly schema: LayerSchema;
}

export interface TableView {
  readonly page: FeaturePage;
  readonly schema: LayerSchema;
}

/** What the rasters say of a place. */
export interface Spot {
  readonly lng: number;
  readonly lat: number;
  readonly values: readonly SpotValue[];
}

export interface SpotValue {
  readonly id: string;
  readonly title: string;
  readonly text: string;
}

export interface Toast {
  readonly key: string;
  readonly text: string;
  readonly reference?: string;
  readonly retry?: () => void;
}

/** Which part of the page a phone shows below the map. */
export type Section = 'flood' | 'layers' | 'table';

/** What the map can do for the page right now. */
export type MapStatus = 'loading' | 'ready' | 'unsupported' | 'lost' | 'failed';

export interface AppState {
  readonly lang: Lang;
  readonly me: Loadable<Me>;
  /** The link the page was opened with has been taken over: from here on the page writes it. */
  readonly followed: boolean;
  /** The page is about to begin anew, for this reason: nothing else is shown. */
  readonly leaving: Leaving | null;
  /** Why it began anew, until somebody closes the message. */
  readonly left: Leaving | null;
  readonly signingOut: boolean;
  /** One's own account is open. */
  readonly account: boolean;
  readonly style: Loadable<TownStyle>;
  readonly legend: readonly LegendLayer[];
  /** Every collection of the server, also those without a geometry. */
  readonly collections: readonly Collection[];
  /** How many features each layer has; a layer not yet asked about is missing. */
  readonly counts: ReadonlyMap<string, number>;
  readonly on: ReadonlySet<string>;
  /** null: not asked for yet, or none is to be had. */
  readonly basemap: BasemapStyle | null;
  /** Whether the basemap is shown where there is one. */
  readonly ground: boolean;
  /** Rasters that can be switched on; `on` holds their ids beside the layers'. */
  readonly rasters: readonly RasterEntry[];
  readonly spot: Spot | null;
  readonly view: View | null;
  /** What the map shows, in degrees. Without a map: the town. */
  readonly bbox: BBox | null;
  readonly map: MapStatus;
  readonly mapReason: string;
  readonly live: LiveState;
  readonly zones: Loadable<readonly Zone[]>;
  readonly water: Water | null;
  readonly impact: Loadable<ImpactAnswer>;
  /** The answer before the last live recount, to show what changed. */
  readonly impactBefore: ImpactAnswer | null;
  readonly hits: readonly Hit[];
  readonly record: { readonly layer: string; readonly id: string } | null;
  readonly recordView: Loadable<RecordView>;
  readonly tableLayer: string | null;
  readonly tableOffset: number;
  /** The rows stay those of an earlier view: the map went to one of them. */
  readonly tableHeld: boolean;
  readonly tableView: Loadable<TableView>;
  readonly drawing: readonly Position[] | null;
  readonly section: Section;
  readonly legendOpen: boolean;
  readonly toasts: readonly Toast[];
  /** Spoken by screen readers; see `say` in the actions. */
  readonly spoken: string;
}

export function initialState(lang: Lang): AppState {
  return {
    lang,
    me: nothing,
    followed: false,
    leaving: null,
    left: null,
    signingOut: false,
    account: false,
    style: nothing,
    legend: [],
    collections: [],
    counts: new Map(),
    on: new Set(),
    basemap: null,
    ground: true,
    rasters: [],
    spot: null,
    view: null,
    bbox: null,
    map: 'loading',
    mapReason: '',
    live: { status: 'connecting', heardAt: null, pos: null },
    zones: nothing,
    water: null,
    impact: nothing,
    impactBefore: null,
    hits: [],
    record: null,
    recordView: nothing,
    tableLayer: null,
    tableOffset: 0,
    tableHeld: false,
    tableView: nothing,
    drawing: null,
    section: 'flood',
    legendOpen: true,
    toasts: [],
    spoken: '',
  };
}
