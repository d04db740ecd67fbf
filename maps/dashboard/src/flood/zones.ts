/** Flood zones as people choose them: by kind, then by return period, stage or day. Pure. */
import type { BBox, Feature } from '../api/types.ts';
import type { Water } from '../app/state.ts';
import { date, number } from '../format.ts';
import { type Lang, say } from '../i18n/index.ts';

export const KINDS = ['return_period', 'stage', 'observed', 'regulatory', 'other'] as const;
export type ZoneKind = (typeof KINDS)[number];

export interface Zone {
  /** Record number: the id in tiles, in items and in `zone_ids`. */
  readonly id: number;
  readonly kind: ZoneKind;
  readonly name: string;
  readonly code: string;
  readonly returnPeriodY: number | null;
  readonly stageM: number | null;
  readonly gauge: string | null;
  readonly observedAt: string | null;
  readonly depthClass: string | null;
}

/** Zones that are one flood: the same return period, stage or day, in parts by place or depth. */
export interface Scenario {
  readonly key: string;
  readonly kind: ZoneKind;
  readonly zones: readonly Zone[];
}

export function zoneOf(feature: Feature): Zone {
  const field = (name: string) => feature.properties[name];
  const text = (name: string) => {
    const value = field(name);
    return typeof value === 'string' && value !== '' ? value : null;
  };
  const figure = (name: string) => {
    const value = field(name);
    return typeof value === 'number' ? value : null;
  };
  const kind = text('kind');
  return {
    id: Number(feature.id),
    kind: KINDS.find((known) => known === kind) ?? 'other',
    name: text('name') ?? text('code') ?? String(feature.id),
    code: text('code') ?? String(feature.id),
    returnPeriodY: figure('return_period_y'),
    stageM: figure('stage_m'),
    gauge: text('gauge'),
    observedAt: text('observed_at'),
    depthClass: text('depth_class'),
  };
}

/** Zones grouped into floods, in the order people look for them: kind, then size of the event. */
export function scenarios(zones: readonly Zone[]): Scenario[] {
  const groups = new Map<string, Zone[]>();
  for (const zone of zones) {
    const key = scenarioKey(zone);
    const group = groups.get(key);
    if (group) group.push(zone);
    else groups.set(key, [zone]);
  }
  return [...groups]
    .map(([key, group]) => ({ key, kind: (group[0] as Zone).kind, zones: group }))
    .sort(bySize);
}

export function scenarioKey(zone: Zone): string {
  switch (zone.kind) {
    case 'return_period':
      return `return_period:${zone.returnPeriodY ?? zone.code}`;
    case 'stage':
      return `stage:${zone.gauge ?? ''}:${zone.stageM ?? zone.code}`;
    case 'observed':
      return `observed:${zone.observedAt?.slice(0, 10) ?? zone.code}`;
    case 'regulatory':
      // FEMA and the like: many polygons of one regulation
      return `regulatory:${zone.returnPeriodY ?? zone.name}`;
    default:
      return `other:${zone.code}`;
  }
}

function bySize(a: Scenario, b: Scenario): number {
  const kind = KINDS.indexOf(a.kind) - KINDS.indexOf(b.kind);
  if (kind) return kind;
  const [first, second] = [a.zones[0] as Zone, b.zones[0] as Zone];
  const years = (first.returnPeriodY ?? 0) - (second.returnPeriodY ?? 0);
  const gauge = (first.gauge ?? '').localeCompare(second.gauge ?? '');
  const stage = (first.stageM ?? 0) - (second.stageM ?? 0);
  const day = (second.observedAt ?? '').localeCompare(first.observedAt ?? '');
  return years || gauge || stage || day || first.code.localeCompare(second.code, 'th');
}

/** The zones of the asked water; null when it is not made of zones, or they are not known yet. */
export function zonesOf(water: Water | null, zones: readonly Zone[] | undefined): Zone[] | null {
  if (!zones || !water || water.kind === 'drawn' || water.kind === 'stage') return null;
  if (water.kind === 'all') return [...zones];
  if (water.kind === 'flood') return zones.filter((zone) => scenarioKey(zone) === water.key);
  const wanted = new Set(water.ids);
  return zones.filter(({ id }) => wanted.has(id));
}

/** Floods that are told apart by one number in one unit, and so share a heading. */
export interface ScenarioRow {
  readonly kind: ZoneKind;
  readonly gauge: string | null;
  /** Unit of the numbers, as `format.unit` knows it; null when floods have names. */
  readonly unit: 'a' | 'm MSL' | null;
  readonly floods: readonly Scenario[];
}

/** Floods by heading: kind, and gauge for stages. Takes floods in order. */
export function scenarioRows(floods: readonly Scenario[]): ScenarioRow[] {
  const rows = new Map<string, Scenario[]>();
  for (const flood of floods) {
    const zone = flood.zones[0] as Zone;
    const key = `${flood.kind} ${flood.kind === 'stage' ? (zone.gauge ?? '') : ''}`;
    const row = rows.get(key);
    if (row) row.push(flood);
    else rows.set(key, [flood]);
  }
  return [...rows.values()].map((row) => {
    const zones = row.map((flood) => flood.zones[0] as Zone);
    const kind = (row[0] as Scenario).kind;
    const years = kind === 'return_period' && zones.every((zone) => zone.returnPeriodY !== null);
    const metres = kind === 'stage' && zones.every((zone) => zone.stageM !== null);
    return {
      kind,
      gauge: kind === 'stage' ? (zones[0]?.gauge ?? null) : null,
      unit: years ? 'a' : metres ? 'm MSL' : null,
      floods: row,
    };
  });
}

/** Whether a zone has these field values, such as `{"return_period_y": 100}`. */
export function matches(zone: Zone, wanted: Readonly<Record<string, unknown>>): boolean {
  const known: Readonly<Record<string, unknown>> = {
    kind: zone.kind,
    return_period_y: zone.returnPeriodY,
    stage_m: zone.stageM,
    gauge: zone.gauge,
    code: zone.code,
  };
  return Object.entries(wanted).every(([field, value]) => known[field] === value);
}

/** A flood's number alone, for a heading that says the unit. */
export function scenarioNumber(scenario: Scenario, lang: Lang): string {
  const zone = scenario.zones[0] as Zone;
  return number(zone.returnPeriodY ?? zone.stageM ?? Number.NaN, lang, 2);
}

/** What a flood is called within its kind: `100 years`, `112.5 m MSL`, `12 Oct 2022`. */
export function scenarioLabel(scenario: Scenario, lang: Lang): string {
  const zone = scenario.zones[0] as Zone;
  if (zone.returnPeriodY !== null) {
    return say(lang, 'flood.years', { n: number(zone.returnPeriodY, lang) });
  }
  if (zone.kind === 'stage' && zone.stageM !== null) {
    return say(lang, 'flood.stage', { n: number(zone.stageM, lang, 2) });
  }
  if (zone.kind === 'observed' && zone.observedAt) return date(zone.observedAt, lang);
  return zone.name;
}

/** The box around some boxes; null for none. */
export function around(boxes: readonly (BBox | null)[]): BBox | null {
  return boxes.reduce<BBox | null>((box, next) => {
    if (!box || !next) return box ?? next;
    return [
      Math.min(box[0], next[0]),
      Math.min(box[1], next[1]),
      Math.max(box[2], next[2]),
      Math.max(box[3], next[3]),
    ];
  }, null);
}
