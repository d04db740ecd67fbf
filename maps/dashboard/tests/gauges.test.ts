import { beforeAll, describe, expect, it } from 'vitest';
import { forecastOf, gaugeOf, readingsOf } from '../src/gauges/api.ts';
import {
  alarm,
  bankWords,
  floodWords,
  levelAt,
  nearestFlood,
  toBank,
  trend,
} from '../src/gauges/level.ts';
import { Ring } from '../src/gauges/ring.ts';
import { bitsOf, columns, fill, flagsOf, levelRange } from '../src/gauges/series.ts';
import type { Reading } from '../src/gauges/types.ts';
import { desk as en } from '../src/i18n/desk.en.ts';
import { desk as th } from '../src/i18n/desk.th.ts';
import { addWords } from '../src/i18n/index.ts';

const NOW = Date.parse('2026-11-20T03:00:00Z');
const HOUR = 3_600_000;
const gauge = gaugeOf({
  code: 'M.7',
  name: 'อุบล',
  kind: 'river',
  bank_left_m: 113,
  bank_right_m: 112,
  thresholds: [
    { kind: 'watch', name: 'เฝ้าระวัง', level_m: 111 },
    { kind: 'other', name: 'ฝนหนัก', level_m: null },
  ],
  remembered: [
    { year_be: 2565, peak_m: 116.51 },
    { year_be: 2562, peak_m: 115.97 },
  ],
});
const rising: Reading[] = Array.from({ length: 13 }, (_, step) => ({
  at: NOW - (12 - step) * HOUR,
  level: 110 + step * 0.06,
  flags: [],
}));

beforeAll(() => addWords({ th, en }));

describe('a station', () => {
  it('brings along what contradicts itself in its record', () => {
    const doubt = { th: 'ระดับเตือนสูงกว่าตลิ่ง', en: 'The warning is above the bank.' };
    expect(gaugeOf({ code: 'P', kind: 'river', doubts: [doubt] }).doubts).toEqual([doubt]);
    expect(gauge.doubts).toEqual([]);
  });
});

describe('a level', () => {
  it('is told against the lowest bank and the flood nearest to it', () => {
    expect(toBank(gauge, 112.4)).toBeCloseTo(0.4);
    expect(bankWords(0.4, 'th')).toBe('สูงกว่าตลิ่ง 0.40 ม.');
    expect(bankWords(-2.3, 'en')).toBe('2.30 m below the bank');
    const flood = nearestFlood(gauge, 116.11);
    expect(flood?.yearBe).toBe(2562);
    expect(floodWords({ yearBe: 2565, peak: 116.51 }, 116.11, 'th')).toBe('ต่ำกว่าปี 2565 40 ซม.');
    expect(floodWords({ yearBe: 2565, peak: 116.51 }, 116.11, 'en')).toBe('40 cm below 2022');
    expect(floodWords({ yearBe: 2565, peak: 116.51 }, 112.4, 'en')).toBe('4.11 m below 2022');
  });

  it('is grey until abnormal', () => {
    expect(alarm(gauge, 110.9)).toBe('calm');
    expect(alarm(gauge, 111)).toBe('watch');
    expect(alarm(gauge, 112)).toBe('alarm');
  });

  it('has no bank where none is known, and says nothing of it', () => {
    const bare = gaugeOf({ code: 'P', kind: 'river' });
    expect(toBank(bare, 5)).toBeNull();
    expect(nearestFlood(bare, 5)).toBeNull();
    expect(alarm(bare, 500)).toBe('calm');
  });

  it('rises by the last three hours of sound readings', () => {
    expect(trend(rising, NOW)).toBeCloseTo(0.06);
    const spiked = [...rising, { at: NOW + 60_000, level: 130, flags: ['spike' as const] }];
    expect(trend(spiked, NOW + 60_000)).toBeCloseTo(0.06);
    expect(trend(rising.slice(-1), NOW)).toBeNull();
  });

  it('is the last sound reading in the past and the forecast ahead', () => {
    const forecast = forecastOf({
      id: 'a',
      gauge: 'M.7',
      now: { age_s: 60, quality: 'ok' },
      forecast: [
        { at: '2026-11-20T04:00:00Z', level_m: 111, band_80: [110.8, 111.2] },
        { at: '2026-11-20T06:00:00Z', level_m: 112, band_80: [111.5, 112.6] },
      ],
      crossings: [],
      caveats: [],
      exercise: false,
    });
    expect(levelAt(NOW - 1.5 * HOUR, NOW, rising, forecast)).toBeCloseTo(110.6);
    expect(levelAt(NOW + 2 * HOUR, NOW, rising, forecast)).toBeCloseTo(111.5);
    expect(levelAt(NOW + 9 * HOUR, NOW, rising, forecast)).toBeNull();
    expect(levelAt(NOW - 90 * HOUR, NOW, rising, forecast)).toBeNull();
  });
});

describe('a ring', () => {
  it('keeps the last points and never grows', () => {
    const ring = new Ring(3);
    for (const at of [1, 2, 3, 4, 5]) ring.push(at, at * 10);
    expect([ring.length, ring.at(0), ring.value(2)]).toEqual([3, 3, 50]);
  });

  it('puts a late point where it belongs and a revised one in its place', () => {
    const ring = new Ring(4);
    for (const at of [1, 3, 4]) ring.push(at, at);
    ring.push(2, 2);
    ring.push(3, 33);
    expect([0, 1, 2, 3].map((index) => ring.value(index))).toEqual([1, 2, 33, 4]);
    ring.push(0, 0);
    expect(ring.at(0)).toBe(1);
    ring.push(2.5, 25);
    expect([0, 1, 2, 3].map((index) => ring.at(index))).toEqual([2, 2.5, 3, 4]);
  });
});

describe('the chart’s columns', () => {
  it('keep suspect readings apart, and draw no line over silence', () => {
    const ring = new Ring(10);
    fill(ring, [
      { at: 0, level: 1, flags: [] },
      { at: HOUR, level: 9, flags: ['spike'] },
      { at: 8 * HOUR, level: 2, flags: ['late'] },
    ]);
    const made = columns(ring, undefined, 0, 10 * HOUR, 3600);
    expect(made.observed).toEqual([1, null, null, 2]);
    expect(made.suspect).toEqual([null, 9, null, null]);
    expect(made.at).toHaveLength(4);
  });

  it('show a bank within reach and not one far away', () => {
    const ring = new Ring(20);
    fill(ring, rising);
    const made = columns(ring, undefined, NOW - 48 * HOUR, NOW, 3600);
    expect(levelRange(made, [112, 113, 130])?.[1]).toBeLessThan(114);
    expect(levelRange(made, [112, 113, 130])?.[1]).toBeGreaterThan(113);
    expect(levelRange(columns(new Ring(2), undefined, 0, 1, null), [])).toBeNull();
  });

  it('carry flags as bits', () => {
    expect(flagsOf(bitsOf(['stuck', 'gap']))).toEqual(['stuck', 'gap']);
  });
});

describe('readings from the server', () => {
  it('come in order, with the flags that are known', () => {
    const told = [
      { at: '2026-11-20T02:00:00Z', level_m: 2, flags: ['SPIKE', 'new'] },
      { at: '2026-11-20T01:00:00Z', level_m: null },
      { at: '2026-11-20T01:30:00Z', level_m: 99, wrong: true },
    ];
    expect(readingsOf(told).map(({ level, flags }) => [level, flags])).toEqual([
      [null, []],
      [2, ['spike']],
    ]);
  });
});
