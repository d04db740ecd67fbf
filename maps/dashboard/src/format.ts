/** Numbers, areas, lengths and times as people read them, in Thai and English. */
import { type Lang, say, sayMaybe } from './i18n/index.ts';

const LOCALE: Record<Lang, string> = {
  th: 'th-TH-u-ca-buddhist-nu-latn',
  en: 'en-GB-u-ca-gregory-nu-latn',
};

const SQUARE_WA_M2 = 4;
const WA_PER_NGAN = 100;
const NGAN_PER_RAI = 4;
const RAI_M2 = SQUARE_WA_M2 * WA_PER_NGAN * NGAN_PER_RAI;
const KM2_M2 = 1_000_000;
const KM_M = 1000;

/** Digits in groups; at most `digits` decimals (0 by default). */
export function number(value: number, lang: Lang, digits = 0): string {
  return new Intl.NumberFormat(LOCALE[lang], { maximumFractionDigits: digits }).format(value);
}

export interface RaiNganWa {
  readonly rai: number;
  readonly ngan: number;
  /** Square wa, to one decimal. */
  readonly wa: number;
}

/**
 * Square metres as rai, ngan and square wa. 1 rai = 4 ngan = 400 square wa = 1,600 m².
 * Rounded to 0.1 square wa first, so that 399.99 wa carries into a rai.
 */
export function raiNganWa(squareMetres: number): RaiNganWa {
  const tenths = Math.round((squareMetres / SQUARE_WA_M2) * 10);
  const perNgan = WA_PER_NGAN * 10;
  const perRai = perNgan * NGAN_PER_RAI;
  return {
    rai: Math.floor(tenths / perRai),
    ngan: Math.floor((tenths % perRai) / perNgan),
    wa: (tenths % perNgan) / 10,
  };
}

/** An area in Thai land units: `2-1-35.5` with the units named. */
export function landArea(squareMetres: number, lang: Lang): string {
  const { rai, ngan, wa } = raiNganWa(squareMetres);
  const parts: string[] = [];
  if (rai) parts.push(`${number(rai, lang)} ${say(lang, 'unit.rai')}`);
  if (ngan) parts.push(`${number(ngan, lang)} ${say(lang, 'unit.ngan')}`);
  if (wa || parts.length === 0) parts.push(`${number(wa, lang, 1)} ${say(lang, 'unit.wa')}`);
  return parts.join(' ');
}

/** Large areas for reading at a glance: whole rai, and km². */
export function floodArea(squareMetres: number, lang: Lang): { rai: string; km2: string } {
  const rai = squareMetres / RAI_M2;
  return {
    rai: `${number(rai, lang, rai < 10 ? 1 : 0)} ${say(lang, 'unit.rai')}`,
    km2: `${number(squareMetres / KM2_M2, lang, 2)} ${say(lang, 'unit.km2')}`,
  };
}

/** Metres below a kilometre, kilometres above. */
export function length(metres: number, lang: Lang): string {
  return metres < KM_M
    ? `${number(metres, lang)} ${say(lang, 'unit.m')}`
    : `${number(metres / KM_M, lang, 1)} ${say(lang, 'unit.km')}`;
}

/** A unit as the server names it (UCUM where there is one), in words. */
export function unit(code: string, lang: Lang): string {
  return sayMaybe(lang, `unit.${code}`, code);
}

/** A calendar date `YYYY-MM-DD`; Buddhist era in Thai. */
export function date(iso: string, lang: Lang): string {
  const day = new Date(`${iso.slice(0, 10)}T00:00:00Z`);
  if (Number.isNaN(day.getTime())) return iso;
  return new Intl.DateTimeFormat(LOCALE[lang], {
    day: 'numeric',
    month: 'short',
    year: 'numeric',
    timeZone: 'UTC',
  }).format(day);
}

/** A moment in the reader's own time zone; Buddhist era in Thai. */
export function dateTime(moment: string | number | Date, lang: Lang, seconds = false): string {
  const when = new Date(moment);
  if (Number.isNaN(when.getTime())) return String(moment);
  return new Intl.DateTimeFormat(LOCALE[lang], {
    day: 'numeric',
    month: 'short',
    year: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
    ...(seconds ? { second: '2-digit' } : {}),
    hourCycle: 'h23',
  }).format(when);
}

/** The calendar day of a moment in the reader's own time zone; Buddhist era in Thai. */
export function day(moment: number | Date, lang: Lang): string {
  return new Intl.DateTimeFormat(LOCALE[lang], {
    weekday: 'short',
    day: 'numeric',
    month: 'short',
    year: 'numeric',
  }).format(moment);
}

/** The same where there is little room: no weekday, the year by its last two digits. */
export function shortDay(moment: number | Date, lang: Lang): string {
  return new Intl.DateTimeFormat(LOCALE[lang], {
    day: 'numeric',
    month: 'short',
    year: '2-digit',
  }).format(moment);
}

/** Hours and minutes (24 h) of a moment in the reader's own time zone. */
export function clock(moment: number | Date, lang: Lang): string {
  return new Intl.DateTimeFormat(LOCALE[lang], {
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  }).format(moment);
}

/** A span of seconds in one unit: `4 s`, `12 min`, `3 h`, `2 d`. */
export function span(seconds: number, lang: Lang): string {
  const whole = Math.max(0, Math.floor(seconds));
  if (whole < 60) return `${whole} ${say(lang, 'unit.s')}`;
  if (whole < 3600) return `${Math.floor(whole / 60)} ${say(lang, 'unit.min')}`;
  if (whole < 86_400) return `${Math.floor(whole / 3600)} ${say(lang, 'unit.h')}`;
  return `${Math.floor(whole / 86_400)} ${say(lang, 'unit.d')}`;
}
