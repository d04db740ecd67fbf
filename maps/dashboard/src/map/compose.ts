/** The server's style plus what the page itself draws: visibility, chosen water, selection. Pure. */
import type { FilterSpecification, LayerSpecification, StyleSpecification } from 'maplibre-gl';
import type { AppState } from '../app/state.ts';
import type { Position } from '../app/url.ts';
import { ZONE_LAYER } from '../flood/desk.ts';
import { zonesOf } from '../flood/zones.ts';
import { type Ground, groundSources, isGround, ordered, rasterLayers } from './ground.ts';
import { stageLook } from './stages.ts';

export const SELECTION = 'page-selection';
export const DRAWING = 'page-drawing';
export const ZONE_EDGE = 'page-zone-edge';

const INK = '#15202b';
const HALO = '#ffffff';
const WATER_EDGE = '#0b3d91';
const FADED = 0.3;
const EVERY: FilterSpecification = ['literal', true];

const EMPTY: GeoJSON.FeatureCollection = { type: 'FeatureCollection', features: [] };

/** `metadata["muang:scenario"]`: which map layers show one flood at a time. */
interface Scenario {
  readonly map_layers: readonly string[];
  readonly filter: FilterSpecification;
}

/** The layer of the town that a style layer draws; null for the page's own. */
export function townLayer(layer: LayerSpecification): string | null {
  const named = (layer.metadata as Record<string, unknown> | undefined)?.['muang:layer'];
  return typeof named === 'string' ? named : null;
}

export function sourceOf(layer: string): string {
  return `muang-${layer}`;
}

/** SVG path data of each marker shape, as the style brings it along. */
export function shapesOf(style: { readonly metadata?: unknown }): Readonly<Record<string, string>> {
  const metadata = style.metadata as Record<string, unknown> | undefined;
  return (metadata?.['muang:shapes'] ?? {}) as Record<string, string>;
}

type Look = Pick<AppState, 'on' | 'water' | 'zones'> & Partial<Pick<AppState, 'focus'>>;
type Base = Pick<AppState, 'basemap' | 'ground' | 'rasters'>;
const BARE: Base = { basemap: null, ground: false, rasters: [] };

/** The whole style to give to MapLibre for what is on and chosen now. */
export function compose(
  style: StyleSpecification,
  look: Look,
  base: Base = BARE,
): StyleSpecification {
  const ground: Ground = {
    basemap:
      base.ground && hasBasemap(base) ? (base.basemap as unknown as StyleSpecification) : null,
    rasters: base.rasters,
    on: look.on,
  };
  const below = ordered(style, ground);
  const water = new Map(waterLook(style, look).map((part) => [part.id, part]));
  const stages = new Map(stageLook(style, look.water).map((part) => [part.id, part]));
  const layers = style.layers.map((layer) => {
    const town = townLayer(layer);
    if (town === null) return layer;
    const layout = { ...layer.layout, visibility: look.on.has(town) ? 'visible' : 'none' };
    const part = water.get(layer.id);
    const stage = stages.get(layer.id);
    return {
      ...layer,
      ...(part ? wet(layer, part) : {}),
      ...(stage ? { filter: stage.filter } : {}),
      ...(stage?.color ? { paint: { ...layer.paint, 'fill-color': stage.color } } : {}),
      ...(look.focus?.layer === town ? { filter: only(look.focus.ids) } : {}),
      layout,
    } as LayerSpecification;
  });
  // labels stay above what the page adds
  const firstLabel = layers.findIndex(({ id }) => /-label(-|$)/.test(id));
  const cut = firstLabel < 0 ? layers.length : firstLabel;
  const firstZone = layers.findIndex((layer) => townLayer(layer) === ZONE_LAYER);
  const under = firstZone < 0 || firstZone > cut ? cut : firstZone;
  const upTo = layers.slice(0, under).filter((layer) => !isGround(layer));
  const grounds = below.ground.map((layer) => layers.find(({ id }) => id === layer.id) ?? layer);
  const hasZones = sourceOf(ZONE_LAYER) in style.sources;
  return {
    ...style,
    sources: {
      ...style.sources,
      ...groundSources(ground),
      [SELECTION]: { type: 'geojson', data: EMPTY },
      [DRAWING]: { type: 'geojson', data: EMPTY },
    },
    layers: [
      ...grounds,
      ...upTo,
      ...rasterLayers(ground),
      ...layers.slice(under, cut),
      ...(hasZones ? [zoneEdge(look)] : []),
      ...drawingLayers(),
      ...selectionLayers(),
      ...below.words,
      ...layers.slice(cut),
    ],
  };
}

/** Just these features of a layer. */
export function only(ids: readonly number[]): FilterSpecification {
  return ['in', ['id'], ['literal', [...ids]]];
}

/** Whether the server has a basemap. */
export function hasBasemap({ basemap }: Pick<AppState, 'basemap'>): boolean {
  return basemap !== null && Object.keys(basemap.sources).length > 0;
}

function wet(layer: LayerSpecification, { filter, opacity }: WaterLook): object {
  return {
    filter: filter ?? EVERY,
    ...(opacity === undefined ? {} : { paint: { ...layer.paint, 'fill-opacity': opacity } }),
  };
}

/** Feature ids of the chosen zones; null when no single flood is chosen. */
export function chosenIds({ water, zones }: Pick<Look, 'water' | 'zones'>): number[] | null {
  if (water?.kind === 'all') return null;
  return zonesOf(water, zones.value)?.map(({ id }) => id) ?? null;
}

export interface WaterLook {
  readonly id: string;
  /** null: every zone. */
  readonly filter: FilterSpecification | null;
  /** Only for fills whose styled opacity is one number. */
  readonly opacity?: number;
}

/** What the zone layers show: the chosen flood, all of them, or the style's own default. */
export function waterLook(style: StyleSpecification, look: Look): WaterLook[] {
  const metadata = style.metadata as Record<string, unknown> | undefined;
  const scenario = metadata?.['muang:scenario'] as Scenario | undefined;
  if (!scenario) return [];
  const ids = chosenIds(look);
  const filter = zoneFilter(look, ids, scenario);
  return scenario.map_layers.map((id) => {
    const layer = style.layers.find((each) => each.id === id);
    const styled = layer?.type === 'fill' ? (layer.paint?.['fill-opacity'] ?? 1) : null;
    if (typeof styled !== 'number') return { id, filter };
    return { id, filter, opacity: look.water?.kind === 'drawn' ? styled * FADED : styled };
  });
}

function zoneFilter(
  { water }: Look,
  ids: readonly number[] | null,
  scenario: Scenario,
): FilterSpecification | null {
  if (water?.kind === 'all') return null;
  // a stage is drawn from tiles of its own
  if (water?.kind === 'stage') return ['literal', false];
  return ids?.length ? only(ids) : scenario.filter;
}

/** The line around the chosen zones. */
export function edgeFilter(look: Pick<Look, 'water' | 'zones'>): FilterSpecification {
  return only(chosenIds(look) ?? []);
}

function zoneEdge(look: Look): LayerSpecification {
  return {
    id: ZONE_EDGE,
    type: 'line',
    source: sourceOf(ZONE_LAYER),
    'source-layer': ZONE_LAYER,
    filter: edgeFilter(look),
    layout: { 'line-join': 'round', visibility: look.on.has(ZONE_LAYER) ? 'visible' : 'none' },
    paint: { 'line-color': WATER_EDGE, 'line-width': 0.8, 'line-opacity': 0.75 },
  };
}

function drawingLayers(): LayerSpecification[] {
  return [
    {
      id: `${DRAWING}-area`,
      type: 'fill',
      source: DRAWING,
      filter: ['==', ['geometry-type'], 'Polygon'],
      paint: { 'fill-color': '#4292c6', 'fill-opacity': 0.35 },
    },
    {
      id: `${DRAWING}-line`,
      type: 'line',
      source: DRAWING,
      filter: ['!=', ['geometry-type'], 'Point'],
      paint: { 'line-color': WATER_EDGE, 'line-width': 2.5, 'line-dasharray': [2, 1.2] },
    },
    {
      id: `${DRAWING}-corner`,
      type: 'circle',
      source: DRAWING,
      filter: ['==', ['geometry-type'], 'Point'],
      paint: {
        'circle-radius': 5.5,
        'circle-color': HALO,
        'circle-stroke-color': WATER_EDGE,
        'circle-stroke-width': 2.5,
      },
    },
  ];
}

function selectionLayers(): LayerSpecification[] {
  const line = (id: string, color: string, width: number): LayerSpecification => ({
    id: `${SELECTION}-${id}`,
    type: 'line',
    source: SELECTION,
    filter: ['!=', ['geometry-type'], 'Point'],
    layout: { 'line-join': 'round', 'line-cap': 'round' },
    paint: { 'line-color': color, 'line-width': width },
  });
  const ring = (id: string, color: string, width: number): LayerSpecification => ({
    id: `${SELECTION}-${id}`,
    type: 'circle',
    source: SELECTION,
    filter: ['==', ['geometry-type'], 'Point'],
    paint: {
      'circle-radius': 13,
      'circle-opacity': 0,
      'circle-stroke-color': color,
      'circle-stroke-width': width,
    },
  });
  return [
    line('halo', HALO, 6),
    line('line', INK, 2.8),
    ring('ring-halo', HALO, 5.5),
    ring('ring', INK, 2.8),
  ];
}

/** What is drawn so far: corners, the line between them, and the area from three corners on. */
export function drawingData(ring: readonly Position[], done: boolean): GeoJSON.FeatureCollection {
  const corners = ring.map((corner) => [...corner]);
  const closed = [...corners, ...corners.slice(0, 1)];
  const feature = (geometry: GeoJSON.Geometry): GeoJSON.Feature => ({
    type: 'Feature',
    geometry,
    properties: {},
  });
  const features: GeoJSON.Feature[] = [];
  if (corners.length >= 3) features.push(feature({ type: 'Polygon', coordinates: [closed] }));
  else if (corners.length === 2) {
    features.push(feature({ type: 'LineString', coordinates: corners }));
  }
  if (!done) {
    for (const coordinates of corners) features.push(feature({ type: 'Point', coordinates }));
  }
  return { type: 'FeatureCollection', features };
}

export function selectionData(geometry: GeoJSON.Geometry | null): GeoJSON.FeatureCollection {
  return geometry
    ? { type: 'FeatureCollection', features: [{ type: 'Feature', geometry, properties: {} }] }
    : EMPTY;
}
