/** What lies under a click, most particular first. Pure but for the types. */
import type { MapGeoJSONFeature } from 'maplibre-gl';
import type { Hit } from '../app/state.ts';
import { bboxOf } from './tiles.ts';

const MAX_HITS = 12;

/** Fields that name a thing to people, best first. */
export const NAME_FIELDS = [
  'name',
  'facility_name',
  'code',
  'permit_no',
  'house_code',
  'house_no',
] as const;

export function nameOf(properties: Readonly<Record<string, unknown>>): string {
  for (const field of NAME_FIELDS) {
    const value = properties[field];
    if (typeof value === 'string' && value !== '') return value;
  }
  return '';
}

type Rendered = Pick<MapGeoJSONFeature, 'id' | 'geometry' | 'properties' | 'layer'>;

/**
 * One hit for each feature, however many style layers and tiles draw it. Points before lines
 * before areas, small areas before large: a house before its parcel before the flood around it.
 */
export function hitsOf(rendered: readonly Rendered[]): Hit[] {
  const found = new Map<string, { hit: Hit; dimension: number; size: number }>();
  for (const { id, geometry, properties, layer } of rendered) {
    const town = (layer.metadata as Record<string, unknown> | undefined)?.['muang:layer'];
    if (typeof town !== 'string' || id === undefined) continue;
    const key = `${town}/${id}`;
    const size = area(geometry);
    const known = found.get(key);
    // a feature cut by tile edges comes in pieces
    if (known) known.size += size;
    else {
      const hit = { layer: town, id: String(id), hint: nameOf(properties) };
      found.set(key, { hit, dimension: dimension(geometry), size });
    }
  }
  return [...found.values()]
    .sort((a, b) => a.dimension - b.dimension || a.size - b.size)
    .slice(0, MAX_HITS)
    .map(({ hit }) => hit);
}

function dimension(geometry: GeoJSON.Geometry): number {
  if (geometry.type.endsWith('Point')) return 0;
  return geometry.type.endsWith('LineString') ? 1 : 2;
}

function area(geometry: GeoJSON.Geometry): number {
  const box = bboxOf(geometry);
  return box ? (box[2] - box[0]) * (box[3] - box[1]) : 0;
}
