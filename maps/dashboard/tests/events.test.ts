import { describe, expect, it } from 'vitest';
import {
  byYear,
  holding,
  isAnnouncement,
  joined,
  lineValue,
  takenBack,
} from '../src/events/story.ts';
import type { EventStep, TownEvent } from '../src/events/types.ts';

const step = (id: number, more: Partial<EventStep> = {}): EventStep => ({
  id,
  at: '2026-11-20T03:00:00Z',
  kind: 'event',
  words: `step ${id}`,
  ...more,
});
const flood = (id: number, opened_at: string, more: Partial<TownEvent> = {}): TownEvent => ({
  id,
  code: `E${id}`,
  name: `flood ${id}`,
  kind: 'flood',
  state: 'closed',
  opened_at,
  ...more,
});

describe('the story of an event', () => {
  it('keeps a step that was taken back, and tells by which', () => {
    const steps = [step(1, { action: 'flag' }), step(2, { action: 'undo', undoes: 1 })];
    expect(takenBack(steps).get(1)?.id).toBe(2);
    expect(takenBack(steps).has(2)).toBe(false);
    expect(steps.map(isAnnouncement)).toEqual([true, false]);
    expect(isAnnouncement(step(3, { kind: 'incident', action: 'flag' }))).toBe(false);
  });

  it('is searched by words, signer, paper and number, all of them', () => {
    const steps = [
      step(1, { words: 'ธงแดง', signer: 'นายสมชาย', document_no: 'พบ 7/2569' }),
      step(2, { words: 'ธงแดง', note: 'ฝนหยุด' }),
    ];
    const found = (asked: string) => holding(steps, asked).map(({ id }) => id);
    expect(found('ธงแดง')).toEqual([1, 2]);
    expect(found('  พบ  สมชาย ')).toEqual([1]);
    expect(found('#2')).toEqual([2]);
    expect(found('')).toEqual([1, 2]);
    expect(found('สมหญิง')).toEqual([]);
  });

  it('holds each step once, however often it was read', () => {
    const all = joined([step(1), step(2)], [step(2, { words: 'again' }), step(3)]);
    expect(all.map(({ id, words }) => `${id} ${words}`)).toEqual([
      '1 step 1',
      '2 again',
      '3 step 3',
    ]);
  });
});

describe('events', () => {
  it('stand by the year of Bangkok they were opened in, newest first', () => {
    const events = [
      flood(1, '2024-09-01T00:00:00Z'),
      // 1 January 2569 in Thailand already
      flood(3, '2025-12-31T17:30:00Z'),
      flood(2, '2025-12-31T16:30:00Z'),
    ];
    expect(
      byYear(events, 'th').map(({ year, events: of }) => [year, of.map(({ id }) => id)]),
    ).toEqual([
      [2569, [3]],
      [2568, [2]],
      [2567, [1]],
    ]);
    expect(byYear(events, 'en')[0]?.year).toBe(2026);
  });

  it('say each line to everybody, though not who signed it', () => {
    const open = flood(1, '2026-01-01T00:00:00Z', { flag: 'red', relief_zone: null });
    expect(lineValue(open, 'flag')).toBe('red');
    expect(lineValue(open, 'relief_zone')).toBeNull();
    // neither the flag nor an order is a level of the DDPM
    expect(lineValue(open, 'ddpm_level')).toBeNull();
  });
});
