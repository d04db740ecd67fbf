/** The one clock of the page: 48 h back to 10 days ahead, in whole steps, with NOW between. Pure. */
import { dateTime } from '../format.ts';
import { type Lang, say } from '../i18n/index.ts';

export const BACK_H = 48;
export const AHEAD_H = 240;
const HOUR_MS = 3_600_000;

/** What the page shows: the past as it was, what is, or what is forecast. */
export type Tense = 'past' | 'now' | 'future';

/** Whole hours of a moment from the current hour; NOW is 0. */
export function stepOf(at: number | null, now: number): number {
  if (at === null) return 0;
  const hours = Math.round((at - hourOf(now)) / HOUR_MS);
  return Math.min(AHEAD_H, Math.max(-BACK_H, hours));
}

/** The moment of a step; null for NOW, which moves on by itself. */
export function momentOf(step: number, now: number): number | null {
  return step === 0 ? null : hourOf(now) + step * HOUR_MS;
}

export function tenseOf(at: number | null, now: number): Tense {
  if (at === null) return 'now';
  return at < now ? 'past' : 'future';
}

/** Where a moment lies on the slider, from 0 (48 h back) to 1; null when it is not on it. */
export function placeOf(at: number, now: number): number | null {
  const place = ((at - hourOf(now)) / HOUR_MS + BACK_H) / (BACK_H + AHEAD_H);
  return place < 0 || place > 1 ? null : place;
}

export interface Tick {
  readonly place: number;
  readonly label: string;
}

/** Local midnights within the slider, with the day's number and month. */
export function dayTicks(now: number, lang: Lang): Tick[] {
  const ticks: Tick[] = [];
  const first = new Date(hourOf(now) - BACK_H * HOUR_MS);
  first.setHours(24, 0, 0, 0);
  const words = new Intl.DateTimeFormat(lang === 'th' ? 'th-TH-u-nu-latn' : 'en-GB', {
    weekday: 'short',
    day: 'numeric',
  });
  for (const midnight = first; ; midnight.setDate(midnight.getDate() + 1)) {
    const place = placeOf(midnight.getTime(), now);
    if (place === null) return ticks;
    ticks.push({ place, label: words.format(midnight) });
  }
}

/** Hours of the slider that hold data, as places; many readings within an hour are one tick. */
export function dataTicks(moments: Iterable<number>, now: number): number[] {
  const hours = new Set<number>();
  for (const moment of moments) {
    if (placeOf(moment, now) !== null) hours.add(hourOf(moment));
  }
  return [...hours].sort((a, b) => a - b).map((hour) => placeOf(hour, now) ?? 0);
}

/** What the slider says of itself: the time in words, how far from now, and the level then. */
export function spokenTime(
  at: number | null,
  now: number,
  level: number | null,
  lang: Lang,
): string {
  const parts = [at === null ? say(lang, 'time.now') : dateTime(at, lang)];
  if (at !== null) parts.push(distance(at, now, lang));
  if (level !== null) parts.push(say(lang, 'time.level', { n: level.toFixed(2) }));
  return parts.join(' · ');
}

/** `3 h back`, `2 d 4 h ahead`. */
export function distance(at: number, now: number, lang: Lang): string {
  // by the slider's own steps, which go by the clock's hours
  const hours = Math.max(1, Math.round(Math.abs(at - hourOf(now)) / HOUR_MS));
  const days = Math.floor(hours / 24);
  const rest = hours % 24;
  const words = [
    ...(days ? [`${days} ${say(lang, 'unit.d')}`] : []),
    ...(rest || !days ? [`${rest} ${say(lang, 'unit.h')}`] : []),
  ].join(' ');
  return say(lang, at < now ? 'time.back' : 'time.ahead', { span: words });
}

/** The next step while playing; null at the end. */
export function nextStep(step: number): number | null {
  return step >= AHEAD_H ? null : step + 1;
}

function hourOf(moment: number): number {
  return Math.floor(moment / HOUR_MS) * HOUR_MS;
}
