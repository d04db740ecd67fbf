import { describe, expect, it } from 'vitest';
import { isKept, type Picture, pictureUrls, tilesOf } from '../src/offline/picture.ts';

const picture: Picture = {
  me: { layers: ['roads', 'shelters'], town: { bounds: [105.2, 15.22, 105.26, 15.27] } },
  style: {
    sources: {
      'muang-roads': {
        tiles: ['http://127.0.0.1:8000/tiles/roads/{z}/{x}/{y}.mvt'],
        minzoom: 10,
        maxzoom: 16,
      },
      'muang-shelters': { tiles: ['/tiles/shelters/{z}/{x}/{y}.mvt'], minzoom: 12, maxzoom: 18 },
    },
  },
  basemap: {
    sources: { basemap: { url: 'pmtiles://http://127.0.0.1:8000/basemap/t-1a.pmtiles' } },
  },
};

describe('everybody’s picture', () => {
  it('is the town, its styles, and the basemap in whole', () => {
    const urls = pictureUrls(picture);
    expect(urls).toContain('/me?lang=th');
    expect(urls).toContain('/styles/town.json?lang=en');
    expect(urls).toContain('/basemap/t-1a.pmtiles');
    expect(urls.filter((url) => url.startsWith('/ogc/collections/'))).toEqual([
      '/ogc/collections/shelters/items?lang=th&limit=1000',
      '/ogc/collections/shelters/items?lang=en&limit=1000',
    ]);
  });

  it('has tiles over the town from afar to near', () => {
    const tiles = tilesOf(picture);
    expect(tiles[0]).toBe('/tiles/roads/10/811/468.mvt');
    expect(tiles.some((url) => url.startsWith('/tiles/shelters/13/'))).toBe(true);
    // from where the layer begins
    expect(tiles.some((url) => url.startsWith('/tiles/shelters/11/'))).toBe(false);
    expect(tiles.length).toBeLessThanOrEqual(400);
    const nowhere = { ...picture, me: { ...picture.me, town: { bounds: null } } };
    expect(tilesOf(nowhere)).toEqual([]);
  });

  it('never answers for signing in, questions, edits or the live stream', () => {
    for (const path of ['/auth/login', '/live', '/queries/impact', '/incidents', '/events/1/log']) {
      expect(isKept(path), path).toBe(false);
    }
    expect(isKept('/tiles/roads/13/1/2.mvt')).toBe(true);
  });
});
