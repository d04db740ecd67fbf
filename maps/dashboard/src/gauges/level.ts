/** Levels as people say them: against the bank, against a flood they remember, and rising. Pure. */
import { number } from '../format.ts';
import { type Lang, say } from '../i18n/index.ts';
import type { Forecast, Gauge, Reading, Remembered } from './types.ts';

const HOUR_MS = 3_600_000;
/** A trend is told over this much, and only when readings span at least half of it. */
const TREND_MS = 3 * HOUR_MS;
/** Below this the water is said to stand. */
const STEADY_M_PER_H = 0.005;

/** A level in metres: always to the centimetre, `112.40`. */
export function metres(level: number): string {
  return level.toFixed(2);
}

/** Readings that may be believed, in order of time. */
export function sound(readings: readonly Reading[]): (Reading & { level: number })[] {
  const doubt = new Set(['future', 'stuck', 'spike', 'range', 'duplicate']);
  return readings.filter(
    (reading): reading is Reading & { level: number } =>
      reading.level !== null && !reading.flags.some((flag) => doubt.has(flag)),
  );
}

/** Level at a moment: the last sound reading up to it, or the forecast's after `now`. */
export function levelAt(
  at: number,
  now: number,
  readings: readonly Reading[],
  forecast: Forecast | undefined,
): number | null {
  if (at > now) return forecastAt(at, forecast);
  const before = sound(readings).filter((reading) => reading.at <= at);
  return before.at(-1)?.level ?? null;
}

/** The likely level of the forecast at a moment, between its points; null outside them. */
export function forecastAt(at: number, forecast: Forecast | undefined): number | null {
  const points = forecast?.points ?? [];
  const next = points.findIndex((point) => point.at >= at);
  const after = points[next];
  if (!after) return null;
  const before = points[next - 1];
  if (!before) return after.at - at <= HOUR_MS ? after.level : null;
  const share = (at - before.at) / (after.at - before.at);
  return before.level + share * (after.level - before.level);
}

/** Metres an hour, by least squares over the last three hours; null when too little is known. */
export function trend(readings: readonly Reading[], until: number): number | null {
  const recent = sound(readings).filter(({ at }) => at <= until && at >= until - TREND_MS);
  const first = recent[0];
  const last = recent.at(-1);
  if (!first || !last || last.at - first.at < TREND_MS / 2) return null;
  const middle = recent.reduce((sum, { at }) => sum + at, 0) / recent.length;
  const level = recent.reduce((sum, reading) => sum + reading.level, 0) / recent.length;
  let above = 0;
  let below = 0;
  for (const reading of recent) {
    const hours = (reading.at - middle) / HOUR_MS;
    above += hours * (reading.level - level);
    below += hours * hours;
  }
  return below === 0 ? null : above / below;
}

/** Rising, falling or standing: -1, 0 or 1. */
export function direction(perHour: number): -1 | 0 | 1 {
  if (Math.abs(perHour) < STEADY_M_PER_H) return 0;
  return perHour > 0 ? 1 : -1;
}

/** The lower of the two banks; null when neither is known. */
export function lowestBank({ bankLeft, bankRight }: Gauge): number | null {
  const banks = [bankLeft, bankRight].filter((bank): bank is number => bank !== null);
  return banks.length ? Math.min(...banks) : null;
}

/** Positive when the water is over the lowest bank. */
export function toBank(gauge: Gauge, level: number): number | null {
  const bank = lowestBank(gauge);
  return bank === null ? null : level - bank;
}

/** `0.40 m over the bank`, `2.30 m below the bank`. */
export function bankWords(over: number, lang: Lang): string {
  if (Math.abs(over) < 0.005) return say(lang, 'gauge.atBank');
  const n = metres(Math.abs(over));
  return say(lang, over > 0 ? 'gauge.over' : 'gauge.below', { n });
}

/** The remembered flood nearest to a level. */
export function nearestFlood(gauge: Gauge, level: number): Remembered | null {
  return gauge.remembered.reduce<Remembered | null>(
    (best, flood) =>
      best && Math.abs(best.peak - level) <= Math.abs(flood.peak - level) ? best : flood,
    null,
  );
}

/** `40 cm below 2565`; the year is Buddhist in Thai and says both in English. */
export function floodWords(flood: Remembered, level: number, lang: Lang): string {
  const cm = Math.round((level - flood.peak) * 100);
  const year = yearWords(flood.yearBe, lang);
  if (cm === 0) return say(lang, 'gauge.likeFlood', { year });
  const far = Math.abs(cm) >= 100;
  const n = far ? metres(Math.abs(cm) / 100) : number(Math.abs(cm), lang);
  const unit = say(lang, far ? 'unit.m' : 'unit.cm');
  return say(lang, cm > 0 ? 'gauge.overFlood' : 'gauge.belowFlood', { n: `${n} ${unit}`, year });
}

export function yearWords(yearBe: number, lang: Lang): string {
  return lang === 'th' ? String(yearBe) : `${yearBe - 543}`;
}

/** How loud a level is: past the lowest bank, past a threshold, or neither. */
export function alarm(gauge: Gauge, level: number): 'calm' | 'watch' | 'alarm' {
  const bank = lowestBank(gauge);
  if (bank !== null && level >= bank) return 'alarm';
  return gauge.thresholds.some((threshold) => level >= threshold.level) ? 'watch' : 'calm';
}
