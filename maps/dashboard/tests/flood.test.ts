import { describe, expect, it } from 'vitest';
import type { Feature, ImpactAnswer, Properties } from '../src/api/types.ts';
import { question } from '../src/flood/desk.ts';
import { absent, figures, type Words } from '../src/flood/figures.ts';
import {
  around,
  matches,
  scenarioLabel,
  scenarioRows,
  scenarios,
  zoneOf,
  zonesOf,
} from '../src/flood/zones.ts';

function zone(id: number, properties: Properties) {
  const feature: Feature = {
    type: 'Feature',
    id,
    geometry: null,
    properties,
  };
  return zoneOf(feature);
}

const zones = [
  zone(1, { kind: 'return_period', return_period_y: 100, code: 'RP100-a' }),
  zone(2, { kind: 'return_period', return_period_y: 5, code: 'RP5' }),
  zone(3, { kind: 'return_period', return_period_y: 100, code: 'RP100-b' }),
  zone(4, { kind: 'stage', gauge: 'M.7', stage_m: 112.5, code: 'S2' }),
  zone(5, { kind: 'stage', gauge: 'M.7', stage_m: 111, code: 'S1' }),
  zone(6, { kind: 'observed', observed_at: '2022-10-12T03:00:00+07:00', code: 'O1' }),
  zone(7, { kind: 'something new', code: 'X', name: 'เขตใหม่' }),
];

describe('floods to choose from', () => {
  const floods = scenarios(zones);

  it('put the parts of one flood together and order floods by kind and size', () => {
    expect(floods.map(({ key, zones: parts }) => [key, parts.map(({ id }) => id)])).toEqual([
      ['return_period:5', [2]],
      ['return_period:100', [1, 3]],
      ['stage:M.7:111', [5]],
      ['stage:M.7:112.5', [4]],
      ['observed:2022-10-12', [6]],
      ['other:X', [7]],
    ]);
  });

  it('are called what people call them', () => {
    expect(floods.map((flood) => scenarioLabel(flood, 'th'))).toEqual([
      '5 ปี',
      '100 ปี',
      '111 ม.รทก.',
      '112.5 ม.รทก.',
      '12 ต.ค. 2565',
      'เขตใหม่',
    ]);
  });

  it('stand under one heading for each kind and gauge', () => {
    expect(scenarioRows(floods).map(({ kind, gauge, unit }) => [kind, gauge, unit])).toEqual([
      ['return_period', null, 'a'],
      ['stage', 'M.7', 'm MSL'],
      ['observed', null, null],
      ['other', null, null],
    ]);
  });

  it('are asked about by all their parts', () => {
    expect(question({ kind: 'flood', key: 'return_period:100' }, zones)).toEqual({
      zone_ids: [1, 3],
    });
    expect(question({ kind: 'zones', ids: [4] }, zones)).toEqual({ zone_ids: [4] });
    expect(question({ kind: 'all' }, zones)).toEqual({ zone_ids: 'all' });
  });

  it('wait for the list of zones, and are no question when they are gone', () => {
    expect(question({ kind: 'flood', key: 'return_period:100' }, undefined)).toBeNull();
    expect(question({ kind: 'flood', key: 'return_period:7' }, zones)).toBeNull();
  });

  it('close a drawn ring', () => {
    const ring = [
      [0, 0],
      [1, 0],
      [1, 1],
    ] as const;
    expect(question({ kind: 'drawn', ring }, zones)).toEqual({
      geometry: {
        type: 'Polygon',
        coordinates: [
          [
            [0, 0],
            [1, 0],
            [1, 1],
            [0, 0],
          ],
        ],
      },
    });
  });

  it('match the style’s default flood', () => {
    const first = zones.filter((each) => matches(each, { return_period_y: 100 }));
    expect(first.map(({ id }) => id)).toEqual([1, 3]);
  });

  it('share a box, or none', () => {
    expect(around([[1, 1, 1, 1], null, [3, 3, 4, 3]])).toEqual([1, 1, 4, 3]);
    expect(around([null])).toBeNull();
    expect(zonesOf({ kind: 'all' }, zones)?.length).toBe(7);
  });
});

describe('the figures of an answer', () => {
  const answer = {
    id: 'a',
    computed_at: '2026-11-20T00:00:00Z',
    flood: { area_m2: 1, depth_known: true },
    exposed: {
      parcels: {
        count: 40,
        area_m2: 400000,
        wet_area_m2: 1600,
        by_class: { residential: 10, unknown: 30 },
        by_depth: { gt_1: 10, lt_0_3: 30 },
      },
      roads: { count: 2, wet_length_m: 1300 },
      people: { count: 135, by_age: { '60+': 45, '0-5': 15, '18-59': 45, '6-17': 30 } },
      houses: { count: 0, by_depth: {}, depth_unknown: 6 },
      care_locations: {
        count: 8,
        by_class: { social: 5, bedridden: 1, homebound: 2 },
        suppressed: true,
      },
      shelters: null,
    },
    provenance: [],
    caveats: [],
  } satisfies ImpactAnswer;
  const words: Words = {
    lang: 'en',
    layer: (id) => id,
    sees: (id) => id !== 'permits',
    classLabel: (_layer, value) => value.toUpperCase(),
  };
  const shown = figures(answer, words);
  const named = (key: string) => shown.find((figure) => figure.key === key);

  it('lead with people and houses', () => {
    expect(shown.map(({ key }) => key)).toEqual([
      'people',
      'houses',
      'care_locations',
      'parcels',
      'roads',
    ]);
  });

  it('show 0 as 0 and leave out what has no data', () => {
    expect(named('houses')?.headline).toBe('0');
    expect(named('shelters')).toBeUndefined();
    expect(absent(answer, words)).toEqual(['Households', 'Shelters', 'Facilities', 'Waste routes']);
  });

  it('do not call absent what the caller may not see', () => {
    expect(absent(answer, words)).not.toContain('Permits');
    expect(absent(answer, { ...words, sees: () => true })).toContain('Permits');
  });

  it('order ages by age, depths by depth, bands by need and kinds by number', () => {
    const codes = (key: string, by: string) =>
      named(key)
        ?.breakdowns.find((breakdown) => breakdown.by === by)
        ?.parts.map(({ code }) => code);
    expect(codes('people', 'by_age')).toEqual(['0-5', '6-17', '18-59', '60+']);
    expect(codes('parcels', 'by_depth')).toEqual(['lt_0_3', 'gt_1']);
    expect(codes('care_locations', 'by_class')).toEqual(['bedridden', 'homebound', 'social']);
    expect(codes('parcels', 'by_class')).toEqual(['unknown', 'residential']);
  });

  it('say lengths and areas in words', () => {
    expect(named('roads')?.details).toEqual(['1.3 km under water']);
    expect(named('parcels')?.details).toEqual(['under water 1 rai', 'whole parcels 250 rai']);
    expect(named('houses')?.details).toEqual(['depth indoors unknown in 6']);
  });

  const ages = { '0-5': 4, '6-17': 8, '18-59': 12, '60+': 12 };
  const displaced = {
    above_m: 0,
    count: 36,
    at_most: 63,
    by_age: ages,
    households: 8,
    unknown: { count: 27, by_age: ages, households: 6 },
  };
  const water = {
    code: 'water',
    name: 'น้ำดื่ม',
    name_en: 'Water',
    unit: 'L',
    unit_en: null,
    per: 'person_day',
    age: null,
    each: 3,
    amount: 108,
    at_most: 189,
    reference: 'r',
  };

  it('tell the displaced after people, with what they need, as a range', () => {
    const all = figures({ ...answer, displaced, needs: [water] }, words);
    expect(all.map(({ key }) => key).slice(0, 2)).toEqual(['people', 'displaced']);
    const [, moved] = all;
    expect([moved?.label, moved?.headline]).toEqual(['Displaced people', '36 to 63']);
    expect(moved?.details).toContain('depth unknown for 27');
    // what they need is a table of its own, never a paragraph of the card
    expect(moved?.details.join()).not.toContain('Water');
    expect(moved?.needs?.map(({ name }) => name)).toEqual(['Water']);
    expect(moved?.needs?.[0]?.amount).toMatch(/^108 to 189 .+ a day$/);
    expect(moved?.breakdowns[0]?.parts.map(({ value }) => value)).toEqual([4, 8, 12, 12]);
  });

  it('never call unknown displaced none, nor an amount nobody stated', () => {
    const dark = { ...displaced, count: null, by_age: null, households: null };
    const unstated = { ...water, each: null, amount: null, at_most: null };
    const [, moved] = figures({ ...answer, displaced: dark, needs: [unstated] }, words);
    expect([moved?.count, moved?.headline]).toEqual([null, 'at most 63']);
    expect(moved?.needs).toEqual([]);
    expect(absent(answer, words)).not.toContain('Displaced people');
  });

  it('tell people by depth indoors, dry first', () => {
    const by_indoor_depth = {
      gt_1: { count: 36, by_age: ages },
      dry: { count: 72, by_age: ages },
    };
    const people = { ...answer.exposed.people, by_indoor_depth };
    const [first] = figures({ ...answer, exposed: { people } }, words);
    const parts = first?.breakdowns.find(({ by }) => by === 'by_indoor_depth')?.parts;
    expect(parts?.map(({ label, value }) => [label, value])).toEqual([
      ['dry indoors', 72],
      ['GT_1', 36],
    ]);
  });

  it('say when homes are left out', () => {
    expect(named('care_locations')?.suppressed).toBe(true);
    expect(named('people')?.suppressed).toBe(false);
  });
});
