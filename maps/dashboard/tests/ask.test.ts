import { describe, expect, it } from 'vitest';
import type { CoverageAnswer, EvacuationAnswer } from '../src/api/types.gen.ts';
import { boxOf, drawn } from '../src/ask/drawn.ts';
import {
  bodyOf,
  isComplete,
  PAGE,
  type Question,
  questionsFor,
  readAsk,
  writeAsk,
} from '../src/ask/question.ts';

const flood = { zone_ids: [7] };
const wet = { flood, asOf: null, stages: [{ hours: 6, flood: { gauge: 'M.7', stage_m: 112 } }] };
const asked = (link: string) => readAsk(link) as Question;

describe('a question', () => {
  it('comes back from its link as it was', () => {
    const link = 'coverage;of=clinic,hospital;v=walk;min=15';
    expect(writeAsk(asked(link))).toBe(link);
    expect(readAsk('answer;id=0190a0f0-0000-7000-8000-000000000001')?.kind).toBe('answer');
  });

  it.each(['', 'answer;id=../../me', 'everything', 'answer'])(
    'is none where the link says %s',
    (link) => {
      expect(readAsk(link)).toBeNull();
    },
  );

  it('is not asked before somebody has said so', () => {
    expect(isComplete(asked('evacuation'))).toBe(false);
    expect(isComplete(asked('evacuation;v=car'))).toBe(true);
  });

  it('names its service in just one way, and keeps minutes within bounds', () => {
    const body = bodyOf(asked('coverage;of=clinic,hospital;min=9999'), wet);
    expect(body).toMatchObject({ facilities: ['clinic', 'hospital'], within_min: 240, flood });
    expect('shelters' in body).toBe(false);
    expect(bodyOf(asked('coverage;min=5'), wet)).toMatchObject({
      shelters: 'open',
      vehicle: 'walk',
    });
  });

  it('is about a dry day when that is chosen, whatever water is', () => {
    expect('flood' in bodyOf(asked('shelters;dry=1'), wet)).toBe(false);
    expect(bodyOf(asked('shelters;boat=0'), wet)).toMatchObject({ flood, boat: false });
  });

  it('takes the water to come, and leaves out boats that cannot go', () => {
    const body = bodyOf(asked('evacuation;later=1;failed=B1,B2'), {
      ...wet,
      asOf: '2026-11-01T00:00:00Z',
    });
    expect(body).toMatchObject({
      stages: wet.stages,
      failed: ['B1', 'B2'],
      as_of: '2026-11-01T00:00:00Z',
    });
    expect('stages' in bodyOf(asked('evacuation;v=car'), wet)).toBe(false);
  });

  it('keeps places set by hand in its link, and asks nothing without enough of them', () => {
    const link = 'relief;v=truck_6;pts=105.200000~15.200000~คลัง|105.210000~15.210000~วัดใต้';
    expect(writeAsk(asked(link))).toBe(link);
    expect(bodyOf(asked(link), wet)).toMatchObject({
      flood,
      relief: [
        { code: 'คลัง', lon: 105.2, lat: 15.2 },
        { code: 'วัดใต้', lon: 105.21, lat: 15.21 },
      ],
    });
    expect(isComplete(asked('relief;v=walk;pts=105.2~15.2~คลัง'))).toBe(false);
    expect(isComplete(asked('coverage;of=points;min=5'))).toBe(false);
    const wrong = asked('coverage;of=points;min=5;pts=x~y~z|105.2~15.2~|105.2~15.2~ครัวกลาง');
    expect(bodyOf(wrong, wet)).toMatchObject({
      points: [{ code: 'ครัวกลาง', lon: 105.2, lat: 15.2 }],
    });
  });

  it('of the registers is read page by page and knows no water', () => {
    expect(bodyOf(asked('revenue_gaps;kinds=no_tax_account,made_up;from=50'), wet)).toEqual({
      kinds: ['no_tax_account'],
      limit: PAGE,
      offset: 50,
    });
  });

  it('is offered to those alone who may ask it', () => {
    const all = ['roads', 'shelters', 'facilities', 'waste_stops', 'households'];
    expect(questionsFor('public', ['roads', 'shelters', 'waste_stops'])).toEqual([
      'coverage',
      'shelters',
      'route_cuts',
    ]);
    expect(questionsFor('coordinator', [...all, 'evacuation_ranks'])).not.toContain('revenue_gaps');
    expect(questionsFor('staff', all)).toContain('revenue_gaps');
    expect(questionsFor('staff', all)).not.toContain('evacuation');
  });
});

describe('an answer on the map', () => {
  const base = { id: '', computed_at: '', pos: 1, personal: false, provenance: [], caveats: [] };

  it('tells roads within reach from those too far and cut off by more than colour', () => {
    const line = {
      type: 'LineString',
      coordinates: [
        [105, 15],
        [105.1, 15.1],
      ],
    };
    const road = (reach: string) => ({ type: 'Feature', properties: { reach }, geometry: line });
    const answer = {
      ...base,
      kind: 'coverage',
      within_min: 15,
      services: [
        { code: 'S1', name: null, status: 'serves', at: [105, 15] },
        { code: 'S2', name: 'x', status: 'no_location', at: null },
      ],
      reach: { type: 'FeatureCollection', features: [road('within'), road('far')] },
    } as unknown as CoverageAnswer;
    const { features } = drawn(answer);
    expect(features.map(({ properties }) => properties?.['dashed'])).toEqual([
      false,
      true,
      undefined,
    ]);
    expect(boxOf({ type: 'FeatureCollection', features })).toEqual([105, 15, 105.1, 15.1]);
    expect(boxOf({ type: 'FeatureCollection', features: [] })).toBeNull();
  });

  it('draws the first to leave on top, and nobody whose place is not known', () => {
    const home = (rank: number, at: readonly number[] | null) => ({
      rank,
      household: `H${rank}`,
      at,
    });
    const answer = {
      ...base,
      kind: 'evacuation',
      order: [home(1, [105, 15]), home(2, null), home(3, [105, 15])],
    } as unknown as EvacuationAnswer;
    expect(drawn(answer).features.map(({ properties }) => properties?.['key'])).toEqual([
      'H3',
      'H1',
    ]);
  });
});
