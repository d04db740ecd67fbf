import { beforeAll, describe, expect, it } from 'vitest';
import type { Feature, ImpactAnswer } from '../src/api/types.ts';
import { gaugeOf } from '../src/gauges/api.ts';
import { desk as en } from '../src/i18n/desk.en.ts';
import { desk as th } from '../src/i18n/desk.th.ts';
import { addWords } from '../src/i18n/index.ts';
import { type Facts, kpis, MOST } from '../src/kpi/rules.ts';

const NOW = Date.parse('2026-11-20T03:00:00Z');
const feature = (id: number, properties: Feature['properties']): Feature => ({
  type: 'Feature',
  id,
  geometry: null,
  properties: { updated_at: '2026-11-20T02:59:00Z', ...properties },
});
const gauge = gaugeOf({ code: 'M.7', kind: 'river', bank_left_m: 112 });
const impact = {
  computed_at: '2026-11-20T02:59:30Z',
  exposed: {
    people: { count: 120, by_age: {} },
    houses: { count: 40, by_depth: {}, depth_unknown: 0 },
    care_locations: { count: 5, by_class: { bedridden: 2 }, suppressed: false },
  },
} as unknown as ImpactAnswer;
const facts: Facts = {
  lang: 'en',
  at: NOW,
  wall: NOW,
  gauge,
  level: 112.4,
  levelAt: NOW - 60_000,
  rise: 0.06,
  forecast: undefined,
  impact,
  impactBefore: null,
  floodName: '100 years',
  shelters: [
    feature(1, { open: true, capacity: 100, occupancy: 100 }),
    feature(2, { open: true, capacity: 100, occupancy: 20 }),
    feature(3, { open: false, capacity: 50 }),
  ],
  closures: [feature(1, { status: 'closed' }), feature(2, { status: 'lifted' })],
  incidents: { open: 3, unacknowledged: 1, raisedThisHour: 2, critical: 0, latest: NOW - 5000 },
};
const named = (changed: Partial<Facts>, key: string) =>
  kpis({ ...facts, ...changed }).find((kpi) => kpi.key === key);

beforeAll(() => addWords({ th, en }));

describe('the figures', () => {
  it('are at most six, the river and people first', () => {
    const keys = kpis(facts).map(({ key }) => key);
    expect(keys).toEqual(['river', 'people', 'care', 'shelters', 'incidents', 'roads']);
    expect(keys.length).toBeLessThanOrEqual(MOST);
  });

  it('tell how long people wait by the clock on the wall, while an exercise runs ahead of it', () => {
    expect(named({ at: NOW + 14 * 3_600_000 }, 'incidents')).toMatchObject({ ageS: 5 });
  });

  it('say value, trend, what it is measured against, and age', () => {
    expect(named({}, 'river')).toMatchObject({
      value: '112.40',
      trend: { direction: 1, words: 'rising 6 cm/h' },
      threshold: '0.40 m over the bank',
      ageS: 60,
      state: 'alarm',
    });
    expect(named({}, 'people')).toMatchObject({ count: 120, unit: '40 houses', ageS: 30 });
  });

  it('are grey until abnormal', () => {
    expect(named({ level: 100 }, 'river')?.state).toBe('calm');
    expect(named({}, 'shelters')).toMatchObject({ state: 'alarm', threshold: '1 of 2 full' });
    expect(named({ closures: [] }, 'roads')).toMatchObject({ state: 'calm', count: 0 });
    expect(named({}, 'roads')?.state).toBe('watch');
    expect(named({}, 'incidents')?.state).toBe('watch');
  });

  it('leave out what the caller may not see, and what nobody can tell is not zero', () => {
    expect(
      kpis({
        ...facts,
        incidents: null,
        closures: null,
        shelters: null,
        impact: undefined,
        gauge: null,
      }),
    ).toEqual([]);
    expect(named({ level: null }, 'river')).toMatchObject({ count: null, state: 'unknown' });
    const hidden = {
      ...impact,
      exposed: { ...impact.exposed, care_locations: { count: 1, by_class: {}, suppressed: true } },
    };
    expect(named({ impact: hidden as unknown as ImpactAnswer }, 'care')).toBeUndefined();
  });

  it('count open shelters for those who may not see who is inside', () => {
    const shelters = [feature(1, { open: true, capacity: 10 }), feature(2, { open: false })];
    expect(named({ shelters }, 'shelters')).toMatchObject({ count: 1, unit: 'of 2' });
  });

  it('tell what changed since the answer before', () => {
    const before = {
      ...impact,
      exposed: { ...impact.exposed, people: { count: 100, by_age: {} } },
    };
    const impactBefore = before as unknown as ImpactAnswer;
    expect(named({ impactBefore }, 'people')?.trend?.words).toBe('20 more');
  });
});
