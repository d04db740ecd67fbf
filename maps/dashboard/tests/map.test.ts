import type { LayerSpecification, StyleSpecification } from 'maplibre-gl';
import { describe, expect, it } from 'vitest';
import { loaded, nothing } from '../src/app/loadable.ts';
import { zoneOf } from '../src/flood/zones.ts';
import { compose, drawingData, waterLook } from '../src/map/compose.ts';
import { parseMarker } from '../src/map/markers.ts';
import { hitsOf } from '../src/map/pick.ts';
import { scaleBar } from '../src/map/scale.ts';

const layer = (id: string, town: string, type: string, more = {}) =>
  ({
    id,
    type,
    source: `muang-${town}`,
    'source-layer': town,
    metadata: { 'muang:layer': town },
    ...more,
  }) as unknown as LayerSpecification;
const byDefault = ['==', ['get', 'return_period_y'], 100];
const style = {
  version: 8,
  metadata: { 'muang:scenario': { map_layers: ['flood_zones'], filter: byDefault } },
  sources: { 'muang-parcels': {}, 'muang-flood_zones': {} },
  layers: [
    { id: 'background', type: 'background' },
    layer('parcels', 'parcels', 'fill', { layout: { 'fill-sort-key': 1 } }),
    layer('flood_zones', 'flood_zones', 'fill', {
      filter: byDefault,
      paint: { 'fill-opacity': 0.7 },
    }),
    layer('parcels-label', 'parcels', 'symbol'),
  ],
} as unknown as StyleSpecification;
const zones = loaded(
  [3, 7].map((id) =>
    zoneOf({
      type: 'Feature',
      id,
      geometry: null,
      properties: { kind: 'return_period', return_period_y: id },
    }),
  ),
);
const named = (made: StyleSpecification, id: string) => made.layers.find((each) => each.id === id);

describe('the composed style', () => {
  it('shows just the layers that are on, keeping the rest of their layout', () => {
    const made = compose(style, { on: new Set(['parcels']), water: null, zones: nothing });
    expect(named(made, 'parcels')?.layout).toEqual({ 'fill-sort-key': 1, visibility: 'visible' });
    expect(named(made, 'parcels-label')?.layout).toEqual({ visibility: 'visible' });
    expect(named(made, 'flood_zones')?.layout).toEqual({ visibility: 'none' });
    expect(named(made, 'background')).toEqual(style.layers[0]);
  });

  it('puts the page’s own layers below every label and leaves the given style as it was', () => {
    const before = JSON.stringify(style);
    const made = compose(style, { on: new Set(), water: null, zones: nothing });
    const ids = made.layers.map(({ id }) => id);
    expect(ids.at(-1)).toBe('parcels-label');
    expect(ids.filter((id) => id.startsWith('page-')).length).toBe(8);
    expect(JSON.stringify(style)).toBe(before);
  });

  it('shows the chosen flood, all floods, or the style’s own', () => {
    const look = (water: Parameters<typeof waterLook>[1]['water']) =>
      waterLook(style, { on: new Set(), water, zones })[0];
    expect(look(null)).toEqual({ id: 'flood_zones', filter: byDefault, opacity: 0.7 });
    expect(look({ kind: 'all' })?.filter).toBeNull();
    expect(look({ kind: 'flood', key: 'return_period:7' })?.filter).toEqual([
      'in',
      ['id'],
      ['literal', [7]],
    ]);
    expect(look({ kind: 'zones', ids: [3, 7] })?.filter).toEqual([
      'in',
      ['id'],
      ['literal', [3, 7]],
    ]);
    expect(look({ kind: 'drawn', ring: [] })?.opacity).toBeCloseTo(0.21);
  });
});

describe('marker images', () => {
  it('say by their name how they are drawn', () => {
    expect(parseMarker('muang-heart-7f0000-ffffff-13')).toEqual({
      shape: 'heart',
      fill: '#7f0000',
      outline: '#ffffff',
      diameter: 13,
    });
    expect(parseMarker('muang-square-5b6875-none-5')?.outline).toBeNull();
    expect(parseMarker('somebody-else')).toBeNull();
  });
});

describe('what lies under a click', () => {
  const rendered = (town: string, id: number, geometry: GeoJSON.Geometry, properties = {}) =>
    ({ id, geometry, properties, layer: { metadata: { 'muang:layer': town } } }) as never;
  const area = (size: number): GeoJSON.Geometry => ({
    type: 'Polygon',
    coordinates: [
      [
        [0, 0],
        [size, 0],
        [size, size],
        [0, 0],
      ],
    ],
  });

  it('is the most particular thing first, each once', () => {
    const hits = hitsOf([
      rendered('flood_zones', 1, area(50)),
      rendered('parcels', 9, area(1), { name: 'แปลง' }),
      rendered('parcels', 9, area(1)),
      rendered('roads', 4, {
        type: 'LineString',
        coordinates: [
          [0, 0],
          [1, 1],
        ],
      }),
      rendered('houses', 2, { type: 'Point', coordinates: [0, 0] }),
    ]);
    expect(hits.map(({ layer: town, id }) => `${town}/${id}`)).toEqual([
      'houses/2',
      'roads/4',
      'parcels/9',
      'flood_zones/1',
    ]);
    expect(hits[2]?.hint).toBe('แปลง');
  });

  it('is nothing of the page’s own', () => {
    const own = { id: 1, geometry: area(1), properties: {}, layer: {} };
    expect(hitsOf([own as never])).toEqual([]);
  });
});

describe('the scale bar', () => {
  it('is a round distance that fits', () => {
    for (const zoom of [9, 12.3, 14, 17.8]) {
      const { metres, pixels } = scaleBar(15.2, zoom, 110);
      expect(pixels).toBeLessThanOrEqual(110);
      expect(pixels).toBeGreaterThan(40);
      expect([1, 2, 5]).toContain(Number(String(metres)[0]));
    }
  });
});

describe('the drawn shape', () => {
  it('is corners, then a line, then an area; corners go when it is done', () => {
    const types = (count: number, done: boolean) =>
      drawingData(
        [
          [0, 0],
          [1, 0],
          [1, 1],
        ].slice(0, count) as never,
        done,
      ).features.map(({ geometry }) => geometry.type);
    expect(types(1, false)).toEqual(['Point']);
    expect(types(2, false)).toEqual(['LineString', 'Point', 'Point']);
    expect(types(3, false)).toEqual(['Polygon', 'Point', 'Point', 'Point']);
    expect(types(3, true)).toEqual(['Polygon']);
  });
});
