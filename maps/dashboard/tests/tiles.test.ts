import { describe, expect, it } from 'vitest';
import { bboxOf, column, overlap, row, tilesOf, touchedTiles } from '../src/map/tiles.ts';

const key = ({ z, x, y }: { z: number; x: number; y: number }) => `${z}/${x}/${y}`;

describe('tile grid', () => {
  it('knows the tile of a place', () => {
    // Phibun Mangsahan, checked by the formula of the XYZ scheme
    expect(Math.floor(column(105.229, 14))).toBe(12981);
    expect(Math.floor(row(15.2451, 14))).toBe(7489);
    expect(column(-180, 3)).toBe(0);
    expect(row(0, 1)).toBeCloseTo(1);
  });

  it('does not leave the world at the poles', () => {
    expect(tilesOf([-180, -90, 180, 90], 1).map(key).sort()).toEqual([
      '1/0/0',
      '1/0/1',
      '1/1/0',
      '1/1/1',
    ]);
  });

  it('takes the neighbour in whose margin a change lies', () => {
    const edge = 360 / 2 ** 14;
    const west = -180 + 12981 * edge;
    const just = west + edge * 0.005;
    expect(tilesOf([just, 15.24, just, 15.24], 14).map(({ x }) => x)).toEqual([12980, 12981]);
    const middle = west + edge / 2;
    expect(tilesOf([middle, 15.24, middle, 15.24], 14).map(({ x }) => x)).toEqual([12981]);
  });
});

describe('touched tiles', () => {
  const source = { minzoom: 12, maxzoom: 18 };
  const view = [105.2, 15.22, 105.26, 15.27] as const;
  const here = [105.229, 15.245, 105.2291, 15.2451] as const;

  it('are those of the view’s zoom, its parents and its children, and no deeper', () => {
    const zooms = new Set(touchedTiles([here], view, 14.6, source).map(({ z }) => z));
    expect([...zooms].sort()).toEqual([12, 13, 14, 15]);
  });

  it('leave out what lies outside the view', () => {
    expect(touchedTiles([[100, 10, 100.1, 10.1]], view, 14, source)).toEqual([]);
  });

  it('name a tile once however many changes touch it', () => {
    const tiles = touchedTiles([here, here, here], view, 14, source).map(key);
    expect(new Set(tiles).size).toBe(tiles.length);
  });

  it('stop at the deepest zoom the source serves', () => {
    const zooms = touchedTiles([here], view, 19, source).map(({ z }) => z);
    expect(Math.max(...zooms)).toBe(18);
  });

  it('stay few for a change to the whole town', () => {
    expect(touchedTiles([view], view, 14, source).length).toBeLessThan(100);
  });
});

describe('boxes', () => {
  it('share what both cover, edges included', () => {
    expect(overlap([0, 0, 2, 2], [1, 1, 3, 3])).toEqual([1, 1, 2, 2]);
    expect(overlap([0, 0, 1, 1], [1, 1, 2, 2])).toEqual([1, 1, 1, 1]);
    expect(overlap([0, 0, 1, 1], [2, 2, 3, 3])).toBeNull();
  });

  it('surround any geometry', () => {
    expect(bboxOf({ type: 'Point', coordinates: [5, 6] })).toEqual([5, 6, 5, 6]);
    expect(
      bboxOf({
        type: 'MultiPolygon',
        coordinates: [
          [
            [
              [0, 1],
              [2, 1],
              [2, 3],
              [0, 1],
            ],
          ],
          [
            [
              [9, 9],
              [10, 9],
              [10, 12],
              [9, 9],
            ],
          ],
        ],
      }),
    ).toEqual([0, 1, 10, 12]);
    expect(
      bboxOf({
        type: 'GeometryCollection',
        geometries: [{ type: 'Point', coordinates: [1, 2] }],
      }),
    ).toEqual([1, 2, 1, 2]);
    expect(bboxOf(null)).toBeNull();
  });
});
