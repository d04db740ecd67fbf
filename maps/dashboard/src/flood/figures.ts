/** The impact answer as lines to show: the same lines feed the cards and the table. Pure. */
import type { Exposure, ImpactAnswer } from '../api/types.ts';
import { landArea, length, number, unit } from '../format.ts';
import { type Lang, say, sayMaybe } from '../i18n/index.ts';

/** People and houses first; care, shelters and facilities next; then land, paper and roads. */
const ORDER = [
  'people',
  'displaced',
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
const EXPECTED: readonly string[] = ORDER.filter((key) => key !== 'displaced');

export interface Breakdown {
  readonly by: 'by_age' | 'by_class' | 'by_depth' | 'by_indoor_depth' | 'by_need';
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
  /** What these people need, from the town's own table; only of the displaced. */
  readonly needs?: readonly Need[];
  readonly suppressed: boolean;
}

/** An item and how much of it: “Drinking water”, “1,200 to 1,800 litres a day”. */
export interface Need {
  readonly name: string;
  readonly amount: string;
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
  ['by_indoor_depth', 'flood.byIndoorDepth'],
  ['by_age', 'flood.byAge'],
  ['by_class', 'flood.byClass'],
  ['by_need', 'flood.byNeed'],
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
  const counted = [...exposures(answer)].map(([key, exposure]) => figure(key, exposure, words));
  return [...counted, ...displaced(answer, words)].sort((a, b) => rank(a.key) - rank(b.key));
}

/** Who cannot sleep at home and what they need. Unknown is said, and is never 0. */
function displaced({ displaced: who, needs }: ImpactAnswer, words: Words): Figure[] {
  if (!who) return [];
  const { lang } = words;
  const { count: unknown } = who.unknown;
  const details = [say(lang, 'flood.displacedAbove', { n: number(who.above_m, lang, 1) })];
  if (unknown > 0) {
    details.push(say(lang, 'flood.displacedUnknown', { n: number(unknown, lang) }));
  }
  return [
    {
      key: 'displaced',
      label: thing('displaced', words),
      count: who.count,
      headline: range(who.count, who.at_most, lang),
      details,
      breakdowns: breakdowns('people', { by_age: who.by_age ?? {} }, words),
      needs: (needs ?? []).flatMap((item) => needed(item, lang)),
      suppressed: false,
    },
  ];
}

/** An item with its amount; nothing where the town's table states no amount. */
function needed(item: NonNullable<ImpactAnswer['needs']>[number], lang: Lang): Need[] {
  if (item.amount === null && item.at_most === null) return [];
  const [name, each] =
    lang === 'en' ? [item.name_en ?? item.name, item.unit_en ?? item.unit] : [item.name, item.unit];
  const day = item.per.endsWith('_day') ? say(lang, 'flood.aDay') : '';
  const amount = `${range(item.amount, item.at_most, lang)} ${unit(each, lang)}${day}`;
  return [{ name, amount }];
}

/** What is surely so and the most it may be: “36”, “36 to 63”, “at most 63”. */
function range(least: number | null, most: number | null, lang: Lang): string {
  if (least === null) return say(lang, 'flood.atMost', { n: number(most ?? 0, lang) });
  const sure = number(least, lang);
  if (most === null || most === least) return sure;
  return say(lang, 'flood.fromTo', { least: sure, most: number(most, lang) });
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

const DEPTHS = ['dry', 'lt_0_3', '0_3_0_5', '0_5_1', 'gt_1', 'unknown'];
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
  if (by.endsWith('_depth')) return (a, b) => DEPTHS.indexOf(a.code) - DEPTHS.indexOf(b.code);
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
  if (value === 'dry') return say(words.lang, 'flood.dryIndoors');
  if (by.endsWith('_depth')) return words.classLabel('flood_zones', value);
  return words.classLabel(key, value);
}
