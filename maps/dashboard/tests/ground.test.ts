import { readFileSync } from 'node:fs';
import { type StyleSpecification, validateStyleMin } from '@maplibre/maplibre-gl-style-spec';
import { describe, expect, it } from 'vitest';
import type { BasemapStyle, RasterEntry } from '../src/api/types.ts';
import { GroundDesk } from '../src/app/ground.ts';
import { nothing } from '../src/app/loadable.ts';
import { type AppState, initialState } from '../src/app/state.ts';
import { Store } from '../src/app/store.ts';
import { compose } from '../src/map/compose.ts';

/** What the server said; the basemap is held to what it says by tests/maps/test_style_spec.py. */
const served = (name: string) =>
  JSON.parse(readFileSync(new URL(`./data/${name}.json`, import.meta.url), 'utf8'));
const town = served('town-style') as StyleSpecification;
const basemap = served('basemap-style') as BasemapStyle;
const rasters: RasterEntry[] = ['elevation', 'depth'].map((id) => ({
  name: id,
  tiles: [`http://127.0.0.1:8000/rasters/${id}/{z}/{x}/{y}.png`],
  minzoom: 8,
  maxzoom: 17,
  bounds: [105.1, 15.2, 105.3, 15.3],
  legend: [{ key: 'low', label: 'low', color: '#2e6b57' }],
  raster: { id, kind: id, source: 'demo' },
}));
const made = (on: string[], more: object = {}) =>
  compose(
    town,
    { on: new Set(on), water: null, zones: nothing },
    { basemap, ground: true, rasters, ...more },
  );
const ids = (style: StyleSpecification) => style.layers.map(({ id }) => id);

describe('the ground below the town', () => {
  it.each([
    ['with all', made(['roads', 'depth'])],
    ['without the basemap', made(['roads'], { ground: false })],
    ['where there is none', made(['roads'], { basemap: null, rasters: [] })],
  ])('is a valid style %s', (_name, style) => {
    expect(validateStyleMin(style)).toEqual([]);
  });

  it('has shapes below everything of the town and words below the town’s words', () => {
    const order = ids(made(['depth']));
    expect(order[0]).toBe('basemap-background');
    expect(order).not.toContain('background');
    const first = order.indexOf('parcels');
    expect(order.indexOf('town_boundary-ground')).toBeLessThan(order.indexOf('basemap-water'));
    expect(order.indexOf('basemap-street-trunk')).toBeLessThan(first);
    expect(order.indexOf('basemap-town-label')).toBeGreaterThan(order.indexOf('page-drawing-line'));
    expect(order.indexOf('basemap-town-label')).toBeLessThan(order.indexOf('water-label'));
    expect(order.indexOf('raster-depth')).toBeLessThan(order.indexOf('flood_zones'));
  });

  it('leaves unsaid what a layer of the town says, live', () => {
    const without = ids(made([]));
    expect(without).toContain('basemap-buildings');
    expect(without).toContain('basemap-poi');
    const on = made(['buildings', 'facilities', 'roads']);
    expect(ids(on)).not.toContain('basemap-buildings');
    expect(ids(on)).not.toContain('basemap-poi');
    expect(ids(on)).not.toContain('basemap-street-label');
    // the town's own street names begin at 15
    expect(on.layers.find(({ id }) => id === 'basemap-street-main-label')?.maxzoom).toBe(15);
  });

  it('is gone without a trace when it is switched off or not made yet', () => {
    for (const style of [made([], { ground: false }), made([], { basemap: null })]) {
      expect(ids(style)[0]).toBe('background');
      expect(ids(style).some((id) => id.startsWith('basemap'))).toBe(false);
      expect(style.sources).not.toHaveProperty('basemap');
    }
  });

  it('draws just the rasters that are on', () => {
    const style = made(['depth']);
    const shown = (id: string) => style.layers.find((layer) => layer.id === id)?.layout?.visibility;
    expect([shown('raster-depth'), shown('raster-elevation')]).toEqual(['visible', 'none']);
  });
});

describe('what the rasters say of a place', () => {
  it('is asked of those that are on, and forgotten with them', async () => {
    const store = new Store<AppState>({
      ...initialState('th'),
      rasters,
      on: new Set(['depth', 'roads']),
    });
    const asked: string[] = [];
    const api = {
      rasterValue: async (id: string) => {
        asked.push(id);
        return { text: 'น้ำลึก 0.42 ม.' };
      },
    };
    const desk = new GroundDesk(api as never, store);
    await desk.ask(105.2, 15.2);
    expect(asked).toEqual(['depth']);
    expect(store.state.spot?.values).toEqual([
      { id: 'depth', title: 'depth', text: 'น้ำลึก 0.42 ม.' },
    ]);
    store.set({ on: new Set() });
    await desk.ask(105.2, 15.2);
    expect(store.state.spot).toBeNull();
  });
});
