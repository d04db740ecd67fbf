import { describe, expect, it } from 'vitest';
import type { Feature } from '../src/api/types.ts';
import { clashesOf, pairsOf } from '../src/desk/twins.ts';

const feature = (
  id: number,
  properties: Record<string, string>,
  coordinates: number[] | number[][][],
): Feature => ({
  type: 'Feature',
  id,
  geometry: (typeof coordinates[0] === 'number'
    ? { type: 'Point', coordinates }
    : { type: 'MultiLineString', coordinates }) as GeoJSON.Geometry,
  properties,
});

describe('a gate', () => {
  const gates = [
    feature(1, { code: 'GT-1' }, [105.2, 15.2]),
    feature(2, { code: 'GT-2' }, [105.3, 15.3]),
  ];

  it('is the same by its code, however far, and by its place, whatever its code', () => {
    const levees = [
      feature(11, { code: 'gt-1 ', kind: 'gate' }, [
        [
          [105.25, 15.25],
          [105.26, 15.25],
        ],
      ]),
      // 22 m from the second
      feature(12, { code: 'LV-9', kind: 'gate' }, [
        [
          [105.3, 15.3002],
          [105.3, 15.302],
        ],
      ]),
      feature(13, { code: 'LV-8', kind: 'gate' }, [
        [
          [105.3, 15.31],
          [105.3, 15.32],
        ],
      ]),
      // a levee is no gate, even beside one
      feature(14, { code: 'LV-7', kind: 'levee' }, [
        [
          [105.2, 15.2],
          [105.21, 15.2],
        ],
      ]),
    ];
    expect(pairsOf(levees, gates).map(({ levee }) => levee.id)).toEqual([11, 12]);
    expect(pairsOf(levees, [])).toEqual([]);
  });

  it('contradicts its levee where both cannot be true, and never where nobody knows', () => {
    const at = [105.2, 15.2];
    const told = (is: string, says: string) =>
      clashesOf([
        {
          gate: feature(1, { code: 'GT-1', status: is }, at),
          levee: feature(2, { code: 'GT-1', kind: 'gate', state: says }, at),
        },
      ]).length;
    expect([told('open', 'closed'), told('closed', 'open'), told('closed', 'breached')]).toEqual([
      1, 1, 1,
    ]);
    expect([told('failed', 'closed'), told('partly', 'closed')]).toEqual([1, 1]);
    expect([told('closed', 'closed'), told('open', 'open'), told('unknown', 'closed')]).toEqual([
      0, 0, 0,
    ]);
  });
});
