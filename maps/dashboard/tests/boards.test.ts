import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Feature, Properties } from '../src/api/types.ts';
import { boardOf, readBoard } from '../src/boards/keys.ts';
import {
  areaOf,
  before,
  counted,
  inShelter,
  newCode,
  overdue,
  powerRows,
  roadRows,
  runCounts,
  runRows,
  runSince,
  shelterRows,
  shelterTotals,
  sizeOf,
  staysBy,
  teamRows,
  teamTotals,
} from '../src/boards/rules.ts';
import { boards as en } from '../src/boards/words.en.ts';
import { boards as th } from '../src/boards/words.th.ts';

const NOW = Date.parse('2026-11-20T03:00:00Z');
const of = (id: number, properties: Properties): Feature => ({
  type: 'Feature',
  id,
  geometry: null,
  properties,
});
const ids = (rows: readonly Feature[]) => rows.map(({ id }) => id);

describe('the board of shelters', () => {
  const stays = staysBy([
    of(1, { household: 'H1', place: 'shelter', shelter_code: 'S1', people: 4, out_at: null }),
    of(2, { household: 'H2', place: 'shelter', shelter_code: 'S1', people: 3, out_at: null }),
    of(3, { household: 'H3', place: 'camping', people: 2, out_at: null }),
    of(4, { household: 'H4', place: 'relatives', people: 5, out_at: '2026-11-20T02:00:00Z' }),
  ]);
  const rows = shelterRows(
    [
      of(1, { code: 'S1', name: 'โรงเรียน', open: true, capacity: 10, occupancy: 9 }),
      of(2, { code: 'S2', name: 'วัด', open: true, capacity: 10, occupancy: 12 }),
      of(3, { code: 'S3', name: 'อาคาร', open: false, capacity: 50, occupancy: 7 }),
      of(4, { code: 'S4', name: 'หอประชุม', open: true, capacity: 20, occupancy: null }),
    ],
    stays,
  );

  it('puts the fullest first and the closed last', () => {
    expect(rows.map(({ code }) => code)).toEqual(['S2', 'S1', 'S4', 'S3']);
    expect(rows.map(({ state }) => state)).toEqual(['full', 'nearly', 'free', 'closed']);
  });

  it('never has less than no room, and none where nobody counted', () => {
    expect(rows.map(({ free }) => free)).toEqual([0, 1, null, 43]);
  });

  it('sums what is open, as the figure on top does', () => {
    expect(shelterTotals(rows)).toEqual({ open: 3, inside: 21, capacity: 40, free: 1, full: 1 });
  });

  it('counts households where they are, and those that left nowhere', () => {
    expect(rows.find(({ code }) => code === 'S1')?.counted).toEqual({ households: 2, people: 7 });
    expect(counted(stays.get(inShelter('S2')))).toEqual({ households: 0, people: 0 });
    expect(counted(stays.get('camping'))).toEqual({ households: 1, people: 2 });
    expect(stays.has('relatives')).toBe(false);
  });

  it('offers how many sleep there, else how many are registered', () => {
    expect(sizeOf(of(1, { sleeping_0_5: 0, sleeping_60_up: 2, registered_18_59: 9 }))).toBe(2);
    expect(sizeOf(of(1, { sleeping_0_5: null, registered_18_59: 3, unregistered: 1 }))).toBe(4);
    expect(sizeOf(of(1, { code: 'H1' }))).toBeNull();
  });
});

describe('the board of runs', () => {
  const runs = [
    of(1, { state: 'done', ended_at: '2026-11-20T01:00:00Z' }),
    of(2, { state: 'planned', planned_at: '2026-11-20T00:00:00Z' }),
    of(3, { state: 'failed' }),
    of(4, { state: 'underway', left_at: '2026-11-20T02:00:00Z' }),
    of(5, { state: 'done' }),
  ];

  it('begins with what is under way and ends with what is over, newest first', () => {
    expect(ids(runRows(runs))).toEqual([4, 2, 3, 5, 1]);
    expect(runCounts(runs)).toEqual({ planned: 1, underway: 1, done: 2, failed: 1, cancelled: 0 });
  });

  it('knows since when each is so', () => {
    expect(runs.slice(0, 2).map(runSince)).toEqual([
      Date.parse('2026-11-20T01:00:00Z'),
      Date.parse('2026-11-20T00:00:00Z'),
    ]);
    expect(runSince(of(9, { state: 'failed' }))).toBeNull();
  });
});

describe('the other boards', () => {
  it('put what is closed longest first and what is open again last', () => {
    const road = (id: number, status: string, since: string) => of(id, { status, since });
    const rows = roadRows([
      road(1, 'lifted', '2026-11-19'),
      road(2, 'closed', '2026-11-20'),
      road(3, 'planned', '2026-11-21'),
      road(4, 'closed', '2026-11-18'),
    ]);
    expect(ids(rows)).toEqual([4, 2, 3, 1]);
  });

  it('put boats that should be back before all others', () => {
    const teams = [
      of(1, { code: 'B10', status: 'ready' }),
      of(2, { code: 'B2', status: 'ready', due_at: '2026-11-20T01:00:00Z' }),
      of(3, { code: 'B3', status: 'out', due_at: '2026-11-20T04:00:00Z' }),
      of(4, { code: 'B4', status: 'out', due_at: '2026-11-20T02:59:00Z' }),
      of(5, { code: 'B5', status: 'failed' }),
      of(6, { code: 'B6', status: 'out', due_at: null }),
    ];
    expect(ids(teamRows(teams, NOW))).toEqual([4, 3, 6, 2, 1, 5]);
    expect(teamTotals(teams, NOW)).toEqual({ ready: 2, out: 3, failed: 1, overdue: 1 });
    expect(teams.filter((team) => overdue(team, NOW)).map(({ id }) => id)).toEqual([4]);
  });

  it('put areas without power first', () => {
    const rows = [of(1, { state: 'on' }), of(2, { state: 'planned' }), of(3, { state: 'off' })];
    expect(ids(powerRows(rows))).toEqual([3, 2, 1]);
  });

  it('close the ring that was drawn', () => {
    const { coordinates } = areaOf([
      [105, 15],
      [106, 15],
      [106, 16],
    ]);
    expect(coordinates[0]?.[0]).toHaveLength(4);
    expect(coordinates[0]?.[0]?.at(-1)).toEqual([105, 15]);
  });

  it('name new records by the second in Thailand', () => {
    expect(newCode('C', NOW)).toBe('C261120-100000');
  });

  it('know what an edit changed, to take it back', () => {
    const row = of(1, { status: 'closed', since: 'x', note: 'y' });
    expect(before(row, { status: 'lifted', until: 'z' })).toEqual({
      status: 'closed',
      until: null,
    });
  });

  it('are named by the link, and no other board is', () => {
    expect(readBoard('shelters/12')).toEqual({ key: 'shelters', item: '12' });
    expect(readBoard('roads')).toEqual({ key: 'roads', item: null });
    expect([readBoard('parcels'), readBoard(null)]).toEqual([null, null]);
    expect([boardOf('closures'), boardOf('parcels')]).toEqual(['roads', null]);
  });
});

describe('words of the boards', () => {
  const keys = Object.keys(en) as (keyof typeof en)[];
  const places = (text: string) => (text.match(/\{\w+\}/g) ?? []).sort();

  it('are complete in both languages', () => {
    for (const key of keys) {
      expect(places(th[key]), key).toEqual(places(en[key]));
      expect(/[\u0e00-\u0e7f]/.test(en[key]), key).toBe(false);
      expect(th[key].replace(/\{\w+\}|Enter/g, ''), key).not.toMatch(/[a-z]{2}/i);
    }
  });

  it('are all used', () => {
    const folder = join(import.meta.dirname, '../src/boards');
    const code = readdirSync(folder)
      .filter((name) => name.endsWith('.ts') && !name.startsWith('words'))
      .map((name) => readFileSync(join(folder, name), 'utf8'))
      .join('\n');
    const built =
      /^(shelter\.(has|no|closed|free|nearly|full|camping|relatives)|run\.|team\.(send|did))/;
    expect(keys.filter((key) => !code.includes(`'${key}'`) && !built.test(key))).toEqual([]);
  });
});
