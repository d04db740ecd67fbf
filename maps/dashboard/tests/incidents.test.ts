import { describe, expect, it } from 'vitest';
import { ofFeature, once } from '../src/incidents/api.ts';
import {
  actions,
  bare,
  byNeed,
  nextAction,
  progress,
  summed,
  waiting,
} from '../src/incidents/order.ts';
import type { Incident } from '../src/incidents/types.ts';

const NOW = Date.parse('2026-11-20T03:00:00Z');
const incident = (changed: Partial<Incident>): Incident => ({
  id: 1,
  code: 'I1',
  kind: 'rescue',
  severity: 'high',
  status: 'raised',
  title_th: 'เหตุ',
  title_en: 'Incident',
  raised_at: '2026-11-20T02:50:00Z',
  ...changed,
});

describe('what needs action', () => {
  it('is first what nobody took up, then the worst, then what has waited longest', () => {
    const sorted = byNeed([
      incident({ id: 1, status: 'resolved', severity: 'critical' }),
      incident({ id: 2, severity: 'low' }),
      incident({ id: 3, severity: 'critical', status: 'on_scene' }),
      incident({ id: 4, severity: 'critical', raised_at: '2026-11-20T02:55:00Z' }),
      incident({ id: 5, severity: 'critical', raised_at: '2026-11-20T02:40:00Z' }),
    ]);
    expect(sorted.map(({ id }) => id)).toEqual([5, 4, 2, 3, 1]);
  });

  it('is summed for the figure', () => {
    const all = [
      incident({ severity: 'critical' }),
      incident({ status: 'assigned', severity: 'critical', raised_at: '2026-11-20T01:00:00Z' }),
    ];
    expect(summed(all, NOW)).toEqual({
      open: 2,
      unacknowledged: 1,
      raisedThisHour: 1,
      critical: 1,
      latest: Date.parse('2026-11-20T02:50:00Z'),
    });
    expect(summed([], NOW)).toMatchObject({ open: 0, latest: null });
  });
});

describe('an incident', () => {
  it('goes from raised to all clear, one step waiting at a time', () => {
    const way = [incident({})];
    const steps = [];
    const ends = {
      acknowledge: 'acknowledged',
      assign: 'assigned',
      on_scene: 'on_scene',
      resolve: 'resolved',
      all_clear: 'all_clear',
    } as const;
    for (;;) {
      const last = way.at(-1) as Incident;
      const next = nextAction(last) as keyof typeof ends | null;
      if (!next) break;
      expect(actions(last)).toContain(next);
      expect(progress(last)).toBe(way.length - 1);
      steps.push(next);
      way.push(incident({ status: ends[next] }));
    }
    expect(steps).toEqual(Object.keys(ends));
  });

  it('that is the same as another can only be taken apart again or noted', () => {
    expect(actions(incident({ merged_into: 'I9' }))).toEqual(['unmerge', 'note']);
    expect(nextAction(incident({ merged_into: 'I9' }))).toBeNull();
  });

  it('that is shelved can be taken up again', () => {
    const shelved = actions(incident({ shelved_until: '2026-11-20T04:00:00Z' }));
    expect(shelved).toContain('unshelve');
    expect(shelved).not.toContain('shelve');
  });

  it('of the past is read from the layer', () => {
    const read = ofFeature({
      type: 'Feature',
      id: 7,
      geometry: { type: 'Point', coordinates: [105, 15] },
      properties: { code: 'I7', status: 'raised' },
    });
    expect(read).toMatchObject({ id: 7, code: 'I7', at: [105, 15] });
  });

  it('is asked for with a mark of its own, so that a repeat does nothing twice', () => {
    expect(once()['Idempotency-Key']).toMatch(/^[0-9a-f]{32}$/);
    expect(once()).not.toEqual(once());
  });
});

describe('waiting', () => {
  const now = Date.parse('2026-11-21T10:10:00Z');
  const raised = {
    id: 1,
    code: 'I1',
    kind: 'rescue',
    severity: 'high',
    status: 'raised',
    title_th: 'ก',
    title_en: 'a',
    raised_at: '2026-11-21T10:06:00Z',
    due_at: '2026-11-21T10:11:00Z',
  } as const;

  it('says since when nobody answers, and when it escalates', () => {
    expect(waiting(raised, now)).toEqual({ since: 240, left: 60 });
    expect(waiting({ ...raised, due_at: '2026-11-21T10:09:00Z' }, now)?.left).toBe(0);
    expect(waiting({ ...raised, due_at: null }, now)?.left).toBeNull();
  });

  it('is nothing for what somebody took up or put aside', () => {
    expect(waiting({ ...raised, status: 'acknowledged' }, now)).toBeNull();
    expect(waiting({ ...raised, shelved_until: '2026-11-21T12:00:00Z' }, now)).toBeNull();
    expect(waiting({ ...raised, merged_into: 'I2' }, now)).toBeNull();
  });

  it('a step is told without the incident it stands under', () => {
    expect(bare('Incident I4: assigned to boat 1: today')).toBe('assigned to boat 1: today');
    expect(bare('noted')).toBe('noted');
  });
});
