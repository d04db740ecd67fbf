import { beforeAll, describe, expect, it } from 'vitest';
import { desk as en } from '../src/i18n/desk.en.ts';
import { desk as th } from '../src/i18n/desk.th.ts';
import { addWords } from '../src/i18n/index.ts';
import {
  AHEAD_H,
  BACK_H,
  dataTicks,
  dayTicks,
  momentOf,
  nextStep,
  placeOf,
  spokenTime,
  stepOf,
  tenseOf,
} from '../src/time/clock.ts';
import { momentName, readMoment } from '../src/time/moment.ts';
import { nowOf } from '../src/time/now.ts';

const NOW = Date.parse('2026-11-20T03:21:30Z');
const HOUR = 3_600_000;

beforeAll(() => addWords({ th, en }));

describe('the slider', () => {
  it('goes by whole hours, and now is zero whatever the minute', () => {
    expect(stepOf(null, NOW)).toBe(0);
    expect(momentOf(0, NOW)).toBeNull();
    for (const step of [-BACK_H, -1, 1, 37, AHEAD_H]) {
      expect(stepOf(momentOf(step, NOW), NOW)).toBe(step);
    }
    expect(new Date(momentOf(-3, NOW) ?? 0).toISOString()).toBe('2026-11-20T00:00:00.000Z');
  });

  it('stops at its ends', () => {
    expect(stepOf(NOW - 400 * HOUR, NOW)).toBe(-BACK_H);
    expect(stepOf(NOW + 900 * HOUR, NOW)).toBe(AHEAD_H);
    expect(nextStep(AHEAD_H)).toBeNull();
    expect(placeOf(NOW - 49 * HOUR, NOW)).toBeNull();
    expect(placeOf(NOW, NOW)).toBeCloseTo(BACK_H / (BACK_H + AHEAD_H), 2);
  });

  it('knows past, now and future', () => {
    expect(tenseOf(null, NOW)).toBe('now');
    expect(tenseOf(NOW - 1, NOW)).toBe('past');
    expect(tenseOf(NOW + 1, NOW)).toBe('future');
  });

  it('marks each local midnight and each hour with data once', () => {
    expect(dayTicks(NOW, 'en')).toHaveLength(12);
    const readings = [NOW - 2 * HOUR, NOW - 2 * HOUR + 600_000, NOW - HOUR, NOW - 90 * HOUR];
    expect(dataTicks(readings, NOW)).toHaveLength(2);
  });

  it('says the time, how far it is, and the level then', () => {
    const words = spokenTime(NOW + 28 * HOUR, NOW, 112.4, 'th');
    expect(words).toContain('2569');
    expect(words).toContain('อีก 1 วัน 4 ชั่วโมง');
    expect(words).toContain('ระดับ 112.4');
    expect(spokenTime(null, NOW, null, 'en')).toBe('Now');
    expect(spokenTime(NOW - 3 * HOUR, NOW, null, 'en')).toMatch(/2026.*3 h back/);
  });
});

describe('a moment in a link', () => {
  it('comes back to the minute', () => {
    expect(readMoment(momentName(NOW))).toBe(NOW - 30_000);
  });

  it.each(['', 'now', '2026-11-20', '2026-13-40T00:00Z', '2026-11-20T00:00Z<'])(
    'does not believe %s',
    (text) => expect(readMoment(text)).toBeNull(),
  );
});

describe('now', () => {
  it('is the exercise’s own while one runs', () => {
    const exercise = { name: 'ฝึก', started_at: '2026-11-20T03:00:00Z', speed: 60 };
    const me = { exercise } as never;
    expect(nowOf(me, Date.parse('2026-11-20T03:01:00Z'))).toBe(Date.parse('2026-11-20T04:00:00Z'));
    expect(nowOf(undefined, NOW)).toBe(NOW);
  });
});
