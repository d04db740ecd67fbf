/** The figures of the desk: at most six, people before parcels, grey until abnormal. Pure. */
import type { Feature, ImpactAnswer } from '../api/types.ts';
import { clock, number, span } from '../format.ts';
import {
  alarm,
  bankWords,
  direction,
  floodWords,
  metres,
  nearestFlood,
  toBank,
} from '../gauges/level.ts';
import type { Forecast, Gauge } from '../gauges/types.ts';
import { type Lang, say } from '../i18n/index.ts';

export const MOST = 6;
/** A remembered flood this near says more than the bank alone. */
const NEAR_M = 2;
/** A shelter this full is worth watching. */
const NEARLY_FULL = 0.8;

export type Alarm = 'calm' | 'watch' | 'alarm' | 'unknown';
export type KpiKey = 'river' | 'people' | 'care' | 'shelters' | 'incidents' | 'roads';

export interface Kpi {
  readonly key: KpiKey;
  readonly label: string;
  /** The number itself; null when it is not known. */
  readonly count: number | null;
  readonly value: string;
  /** What stands small beside the value: its unit, or what it is a part of. */
  readonly unit: string;
  readonly trend: { readonly direction: -1 | 0 | 1; readonly words: string } | null;
  /** What the value is measured against, in words. */
  readonly threshold: string;
  /** Seconds since this was measured or counted; null when nobody knows. */
  readonly ageS: number | null;
  readonly state: Alarm;
  /** A click shows what it counts on the map and in the table; else the part that tells more. */
  readonly counts: boolean;
}

export interface Incidents {
  readonly open: number;
  readonly unacknowledged: number;
  readonly raisedThisHour: number;
  readonly critical: number;
  readonly latest: number | null;
}

export interface Facts {
  readonly lang: Lang;
  /** The moment shown, in milliseconds. */
  readonly at: number;
  /** The wall clock, in milliseconds: what the server counts its own answers by. */
  readonly wall: number;
  readonly gauge: Gauge | null;
  readonly level: number | null;
  readonly levelAt: number | null;
  /** Metres an hour. */
  readonly rise: number | null;
  readonly forecast: Forecast | undefined;
  readonly impact: ImpactAnswer | undefined;
  readonly impactBefore: ImpactAnswer | null;
  readonly floodName: string;
  readonly shelters: readonly Feature[] | null;
  readonly closures: readonly Feature[] | null;
  readonly incidents: Incidents | null;
}

/** The figures there is something to say of; what the caller may not see is not among them. */
export function kpis(facts: Facts): Kpi[] {
  return [river, people, care, shelters, incidents, roads]
    .map((rule) => rule(facts))
    .filter((kpi): kpi is Kpi => kpi !== null)
    .slice(0, MOST);
}

function river({ lang, at, gauge, level, levelAt, rise, forecast }: Facts): Kpi | null {
  if (!gauge) return null;
  const base = {
    key: 'river' as const,
    label: say(lang, 'kpis.river', { gauge: gauge.code }),
    counts: false,
  };
  if (level === null) {
    const words = say(lang, 'kpis.noGauge');
    return {
      ...base,
      count: null,
      value: '–',
      unit: '',
      trend: null,
      threshold: words,
      ageS: null,
      state: 'unknown',
    };
  }
  const bank = toBank(gauge, level);
  const flood = nearestFlood(gauge, level);
  const peak = peakOf(forecast, at);
  const told = [
    ...(bank === null ? [] : [bankWords(bank, lang)]),
    ...(flood && Math.abs(level - flood.peak) <= NEAR_M ? [floodWords(flood, level, lang)] : []),
    ...(peak ? [say(lang, 'kpis.peak', { time: clock(peak, lang) })] : []),
  ];
  return {
    ...base,
    count: level,
    value: metres(level),
    unit: say(lang, 'unit.m'),
    trend: rise === null ? null : riseWords(rise, lang),
    threshold: told.slice(0, 2).join(' · '),
    ageS: levelAt === null ? null : (at - levelAt) / 1000,
    state: alarm(gauge, level),
  };
}

/** When the forecast stands highest, if that is within a day and above where it begins. */
function peakOf(forecast: Forecast | undefined, at: number): number | null {
  const ahead = (forecast?.points ?? []).filter(
    (point) => point.at > at && point.at <= at + 86_400_000,
  );
  const first = ahead[0];
  if (!first) return null;
  const top = ahead.reduce((best, point) => (point.level > best.level ? point : best), first);
  return top === first || top === ahead.at(-1) ? null : top.at;
}

function riseWords(rise: number, lang: Lang): Kpi['trend'] {
  const way = direction(rise);
  if (way === 0) return { direction: 0, words: say(lang, 'kpis.steady') };
  const n = say(lang, 'kpis.perHour', { n: number(Math.abs(rise) * 100, lang, 1) });
  return { direction: way, words: say(lang, way > 0 ? 'kpis.rising' : 'kpis.falling', { n }) };
}

function people({ lang, wall, impact, impactBefore, floodName }: Facts): Kpi | null {
  const counted = impact?.exposed.people;
  if (!impact || !counted) return null;
  const houses = impact.exposed.houses?.count;
  return {
    key: 'people',
    label: say(lang, 'kpis.people'),
    count: counted.count,
    value: number(counted.count, lang),
    unit: houses === undefined ? '' : say(lang, 'kpis.housesToo', { n: number(houses, lang) }),
    trend: changeWords(counted.count, impactBefore?.exposed.people?.count, lang),
    threshold: floodName ? say(lang, 'kpis.inFlood', { name: floodName }) : '',
    ageS: (wall - Date.parse(impact.computed_at)) / 1000,
    state: 'calm',
    counts: false,
  };
}

function care({ lang, wall, impact, impactBefore, floodName }: Facts): Kpi | null {
  const counted = impact?.exposed.care_locations;
  if (!impact || !counted || counted.suppressed) return null;
  const lying = counted.by_class['bedridden'];
  const before = impactBefore?.exposed.care_locations;
  const count = lying ?? counted.count;
  return {
    key: 'care',
    label: say(lang, lying === undefined ? 'kpis.care' : 'kpis.bedridden'),
    count,
    value: number(count, lang),
    unit: lying === undefined ? '' : say(lang, 'kpis.of', { n: number(counted.count, lang) }),
    trend: changeWords(
      count,
      before ? (before.by_class['bedridden'] ?? before.count) : undefined,
      lang,
    ),
    threshold: floodName ? say(lang, 'kpis.inFlood', { name: floodName }) : '',
    ageS: (wall - Date.parse(impact.computed_at)) / 1000,
    state: 'calm',
    counts: true,
  };
}

function shelters({ lang, wall, shelters: all }: Facts): Kpi | null {
  if (!all?.length) return null;
  const open = all.filter(({ properties }) => properties['open'] === true);
  const base = {
    key: 'shelters' as const,
    trend: null,
    ageS: ageOf(open.length ? open : all, wall),
    counts: true,
  };
  const told = open.filter(({ properties }) => typeof properties['occupancy'] === 'number');
  if (told.length === 0) {
    // who may not see how many are inside sees how many are open
    return {
      ...base,
      label: say(lang, 'kpis.sheltersOpen'),
      count: open.length,
      value: number(open.length, lang),
      unit: say(lang, 'kpis.of', { n: number(all.length, lang) }),
      threshold: open.length ? '' : say(lang, 'kpis.noneOpen', { n: number(all.length, lang) }),
      state: 'calm',
    };
  }
  const inside = sum(open, 'occupancy');
  const room = sum(open, 'capacity');
  const full = open.filter(
    ({ properties }) =>
      Number(properties['capacity']) > 0 &&
      Number(properties['occupancy'] ?? 0) >= Number(properties['capacity']),
  ).length;
  return {
    ...base,
    label: say(lang, 'kpis.shelters'),
    count: inside,
    value: number(inside, lang),
    unit: say(lang, 'kpis.of', { n: number(room, lang) }),
    threshold: full
      ? say(lang, 'kpis.full', { n: number(full, lang), all: number(open.length, lang) })
      : say(lang, 'kpis.noneFull'),
    state: full ? 'alarm' : room > 0 && inside >= room * NEARLY_FULL ? 'watch' : 'calm',
  };
}

function incidents({ lang, wall, incidents: told }: Facts): Kpi | null {
  if (!told) return null;
  const { open, unacknowledged, raisedThisHour, critical, latest } = told;
  return {
    key: 'incidents',
    label: say(lang, 'kpis.incidents'),
    count: open,
    value: number(open, lang),
    unit: '',
    trend: raisedThisHour
      ? { direction: 1, words: say(lang, 'kpis.newHour', { n: number(raisedThisHour, lang) }) }
      : null,
    threshold: unacknowledged
      ? say(lang, 'kpis.unacknowledged', { n: number(unacknowledged, lang) })
      : say(lang, 'kpis.acknowledged'),
    ageS: latest === null ? null : (wall - latest) / 1000,
    state: critical ? 'alarm' : unacknowledged ? 'watch' : 'calm',
    counts: true,
  };
}

function roads({ lang, wall, closures }: Facts): Kpi | null {
  if (!closures) return null;
  const with_ = (status: string) =>
    closures.filter(({ properties }) => properties['status'] === status);
  const closed = with_('closed');
  const planned = with_('planned').length;
  return {
    key: 'roads',
    label: say(lang, 'kpis.roads'),
    count: closed.length,
    value: number(closed.length, lang),
    unit: '',
    trend: null,
    threshold: planned
      ? say(lang, 'kpis.planned', { n: number(planned, lang) })
      : say(lang, 'kpis.noPlan'),
    ageS: ageOf(closed, wall),
    state: closed.length ? 'watch' : 'calm',
    counts: true,
  };
}

function changeWords(count: number, before: number | undefined, lang: Lang): Kpi['trend'] {
  if (before === undefined || before === count) return null;
  const n = number(Math.abs(count - before), lang);
  return count > before
    ? { direction: 1, words: say(lang, 'kpis.more', { n }) }
    : { direction: -1, words: say(lang, 'kpis.fewer', { n }) };
}

function sum(features: readonly Feature[], field: string): number {
  return features.reduce((all, { properties }) => all + Number(properties[field] ?? 0), 0);
}

/** Seconds since the last of these was written. */
function ageOf(features: readonly Feature[], wall: number): number | null {
  const written = features.map(({ properties }) => Date.parse(String(properties['updated_at'])));
  const latest = Math.max(...written.filter((moment) => !Number.isNaN(moment)));
  return Number.isFinite(latest) ? Math.max(0, (wall - latest) / 1000) : null;
}

/** `4 s ago`; empty when nobody knows. */
export function ageWords(ageS: number | null, lang: Lang): string {
  return ageS === null ? '' : say(lang, 'kpis.age', { age: span(ageS, lang) });
}
