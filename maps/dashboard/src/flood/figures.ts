/** The impact answer as lines to show: the same lines feed the cards and the table. Pure. */
import type { Exposure, ImpactAnswer } from '../api/types.ts';
import { landArea, length, number } from '../format.ts';
import { type Lang, say, sayMaybe } from '../i18n/index.ts';

/** People and houses first; care, shelters and facilities next; then land, paper and roads. */
const ORDER = [
  'people',
  'households',
  'houses',
  'care_locations',
  'shelters',
  'facilities',
  'parcels',
  'permits',
  'roads',
  'waste_routes',
] as const;

/** Things every town would ask about: said to be without data when the answer leaves them out. */
const EXPECTED: readonly string[] = ORDER;

export interface Breakdown {
  readonly by: 'by_age' | 'by_class' | 'by_depth';
  readonly title: string;
  readonly parts: readonly {
    readonly code: string;
    readonly label: string;
    readonly value: number;
  }[];
}

export interface Figure {
  readonly key: string;
  readonly label: string;
  /** The one number to read first; null when only measures are known (roads: a length). */
  readonly count: number | null;
  /** How the first number is written. */
  readonly headline: string;
  readonly details: readonly string[];
  readonly breakdowns: readonly Breakdown[];
  readonly suppressed: boolean;
}

export interface Words {
  readonly lang: Lang;
  /** What people call a layer. */
  readonly layer: (id: string) => string;
  /** Whether the caller may see a layer at all. */
  readonly sees: (id: string) => boolean;
  /** What people call a class (use, kind, band …) of a layer. */
  readonly classLabel: (layer: string, value: string) => string;
}

const BREAKDOWNS = [
  ['by_age', 'flood.byAge'],
  ['by_class', 'flood.byClass'],
  ['by_depth', 'flood.byDepth'],
] as const;

/** What the answer counts, by name; a thing without data in this town is not among them. */
export function exposures(answer: ImpactAnswer): Map<string, Exposure> {
  const all = Object.entries(answer.exposed) as [string, Exposure | null][];
  return new Map(all.filter((entry): entry is [string, Exposure] => entry[1] !== null));
}

export function figures(answer: ImpactAnswer, words: Words): Figure[] {
  const rank = (key: string) => {
    const place = (ORDER as readonly string[]).indexOf(key);
    return place < 0 ? ORDER.length : place;
  };
  return [...exposures(answer)]
    .sort(([a], [b]) => rank(a) - rank(b))
    .map(([key, exposure]) => figure(key, exposure, words));
}

/**
 * What the town has no data for, among the things this caller may ask about. People and
 * households are counted from one layer.
 */
export function absent(answer: ImpactAnswer, words: Words): string[] {
  const counted = exposures(answer);
  return EXPECTED.filter(
    (key) => !counted.has(key) && words.sees(key === 'people' ? 'households' : key),
  ).map((key) => thing(key, words));
}

function thing(key: string, words: Words): string {
  return sayMaybe(words.lang, `kpi.${key}`, words.layer(key));
}

function figure(key: string, exposure: Exposure, words: Words): Figure {
  const { lang } = words;
  const count = typeof exposure.count === 'number' ? exposure.count : null;
  const wet = exposure['wet_length_m'];
  const details: string[] = [];
  let headline = count === null ? '' : number(count, lang);
  if (typeof wet === 'number') {
    const text = `${length(wet, lang)} ${say(lang, 'kpi.wet_length_m')}`;
    if (count === null) headline = length(wet, lang);
    else details.push(text);
  }
  for (const name of ['wet_area_m2', 'area_m2'] as const) {
    const value = exposure[name];
    if (typeof value === 'number') {
      details.push(`${say(lang, `kpi.${name}`)} ${landArea(value, lang)}`);
    }
  }
  const indoors = exposure['depth_unknown'];
  if (typeof indoors === 'number' && indoors > 0) {
    details.push(say(lang, 'flood.depthIndoors', { n: number(indoors, lang) }));
  }
  const capacity = exposure['capacity'];
  if (typeof capacity === 'number') {
    details.push(`${number(capacity, lang)} ${say(lang, 'kpi.capacity')}`);
  }
  return {
    key,
    label: thing(key, words),
    count,
    headline,
    details,
    breakdowns: breakdowns(key, exposure, words),
    suppressed: exposure.suppressed === true,
  };
}

const DEPTHS = ['lt_0_3', '0_3_0_5', '0_5_1', 'gt_1', 'unknown'];
/** Who needs help most stands first. */
const BANDS = ['bedridden', 'homebound', 'social', 'home', 'facility'];

function breakdowns(key: string, exposure: Exposure, words: Words): Breakdown[] {
  const found: Breakdown[] = [];
  for (const [name, title] of BREAKDOWNS) {
    const parts = Object.entries((exposure[name] ?? {}) as Record<string, unknown>)
      .map(([value, amount]) => ({ code: value, value: sum(amount) }))
      .filter((part) => part.value > 0)
      .sort(inOrder(name))
      .map(({ code, value }) => ({ code, label: partLabel(key, name, code, words), value }));
    if (parts.length > 0) found.push({ by: name, title: say(words.lang, title), parts });
  }
  return found;
}

type Part = { readonly code: string; readonly value: number };

/** Ages youngest first, depths shallow first, kinds by number. JSON objects keep no order. */
function inOrder(by: string): (a: Part, b: Part) => number {
  if (by === 'by_age') return (a, b) => Number.parseInt(a.code, 10) - Number.parseInt(b.code, 10);
  if (by === 'by_depth') return (a, b) => DEPTHS.indexOf(a.code) - DEPTHS.indexOf(b.code);
  return (a, b) => BANDS.indexOf(a.code) - BANDS.indexOf(b.code) || b.value - a.value;
}

/** A breakdown's value is a count, or an object that holds one. */
function sum(amount: unknown): number {
  if (typeof amount === 'number') return amount;
  const count = (amount as { count?: unknown } | null)?.count;
  return typeof count === 'number' ? count : 0;
}

function partLabel(key: string, by: string, value: string, words: Words): string {
  if (by === 'by_age') return sayMaybe(words.lang, `age.${value}`, value);
  if (by === 'by_depth') return words.classLabel('flood_zones', value);
  return words.classLabel(key, value);
}
