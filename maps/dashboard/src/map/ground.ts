/** What lies under the town's own layers: the grey basemap and the rasters. Pure. */
import type { LayerSpecification, StyleSpecification } from 'maplibre-gl';
import type { RasterEntry } from '../api/types.ts';

export const BASEMAP = 'basemap';

export interface Ground {
  /** null: switched off, or there is none. */
  readonly basemap: StyleSpecification | null;
  readonly rasters: readonly RasterEntry[];
  readonly on: ReadonlySet<string>;
}

export function rasterSource(id: string): string {
  return `raster-${id}`;
}

/** What of a style's layers comes where, lowest first. */
export interface Ordered {
  readonly ground: readonly LayerSpecification[];
  readonly words: readonly LayerSpecification[];
}

/**
 * The town's ground and the basemap's shapes, which go below everything, and the basemap's words,
 * which go below the town's words. The town's own background gives way to the basemap's.
 */
export function ordered(style: StyleSpecification, { basemap, on }: Ground): Ordered {
  const own = style.layers.filter(isGround);
  if (!basemap) return { ground: own, words: [] };
  const town = own.filter(({ type }) => type !== 'background');
  const shown = basemap.layers.flatMap((layer) => beside(layer, style, on));
  const flat = shown.filter(({ type }) => type === 'background');
  const shapes = shown.filter(({ type }) => type !== 'background' && type !== 'symbol');
  return {
    ground: [...flat, ...town, ...shapes],
    words: shown.filter(({ type }) => type === 'symbol'),
  };
}

export function isGround({ id, type }: LayerSpecification): boolean {
  return type === 'background' || id.endsWith('-ground');
}

/** A layer of the basemap as far as the town's own layer does not say the same, live. */
function beside(
  layer: LayerSpecification,
  { layers }: StyleSpecification,
  on: ReadonlySet<string>,
): LayerSpecification[] {
  const under = (layer.metadata as Record<string, unknown> | undefined)?.['muang:under'];
  if (typeof under !== 'string' || !on.has(under)) return [layer];
  if (layer.type !== 'symbol') return [];
  const least = layers.find(({ id }) => id === `${under}-label`)?.minzoom ?? 0;
  if ((layer.minzoom ?? 0) >= least) return [];
  return [{ ...layer, maxzoom: Math.min(least, layer.maxzoom ?? 24) }];
}

export function rasterLayers({ rasters, on }: Ground): LayerSpecification[] {
  return rasters.map(({ raster }) => ({
    id: rasterSource(raster.id),
    type: 'raster',
    source: rasterSource(raster.id),
    layout: { visibility: on.has(raster.id) ? 'visible' : 'none' },
    // a cell is what was computed: nothing is smoothed between two of them
    paint: {
      'raster-opacity': raster.kind === 'depth' ? 0.65 : 0.55,
      'raster-resampling': 'nearest',
      'raster-fade-duration': 0,
    },
  }));
}

export function groundSources({ basemap, rasters }: Ground): StyleSpecification['sources'] {
  const made: StyleSpecification['sources'] = { ...basemap?.sources };
  for (const { raster, tiles, minzoom, maxzoom, bounds } of rasters) {
    made[rasterSource(raster.id)] = {
      type: 'raster',
      tiles: [...tiles],
      tileSize: 256,
      minzoom,
      maxzoom,
      bounds: [...bounds] as [number, number, number, number],
    };
  }
  return made;
}
