/** A question to the town as its link says it and as the server is asked. Pure. */
import type { FloodRequest } from '../api/types.ts';

export const KINDS = [
  'coverage',
  'shelters',
  'evacuation',
  'route_cuts',
  'relief',
  'revenue_gaps',
] as const;
export type Kind = (typeof KINDS)[number];

export const VEHICLES = ['walk', 'car', 'pickup', 'truck_6', 'military_truck'] as const;
export type Vehicle = (typeof VEHICLES)[number];

export const GAPS = [
  'no_tax_account',
  'use_differs',
  'no_building_licence',
  'no_business_licence',
] as const;

/** Where each question is asked. */
export const PATHS: Readonly<Record<Kind, string>> = {
  coverage: '/queries/coverage',
  shelters: '/queries/shelters',
  evacuation: '/queries/evacuation',
  route_cuts: '/queries/route-cuts',
  relief: '/queries/route-cuts',
  revenue_gaps: '/queries/revenue-gaps',
};

/** The service of a coverage question that was set by hand. */
export const POINTS = 'points';

/** Parcels of the revenue question shown at once. */
export const PAGE = 50;
const VEHICLE: Readonly<Record<Kind, Vehicle>> = {
  coverage: 'walk',
  shelters: 'truck_6',
  evacuation: 'truck_6',
  route_cuts: 'truck_6',
  relief: 'truck_6',
  revenue_gaps: 'walk',
};

export interface Question {
  readonly kind: Kind;
  /** What was chosen, by short names; empty: nothing has been asked yet. */
  readonly said: Readonly<Record<string, string>>;
}

/** A question, or an answer given before that is read again by its id. */
export type Asked = Question | { readonly kind: 'answer'; readonly id: string };

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

export function readAsk(text: string | null): Asked | null {
  const [kind, ...parts] = (text ?? '').split(';');
  const said = Object.fromEntries(
    parts.map((part) => {
      const cut = part.indexOf('=');
      return [part.slice(0, cut), part.slice(cut + 1)] as const;
    }),
  );
  if (kind === 'answer') {
    const id = said['id'] ?? '';
    return UUID.test(id) ? { kind: 'answer', id } : null;
  }
  return KINDS.some((known) => known === kind) ? { kind: kind as Kind, said } : null;
}

export function writeAsk(asked: Asked): string {
  const said = asked.kind === 'answer' ? { id: asked.id } : asked.said;
  const parts = Object.entries(said).filter(([, value]) => value !== '');
  return [asked.kind, ...parts.map(([name, value]) => `${name}=${value}`)].join(';');
}

/** A place set by hand: longitude and latitude. */
export interface Placed {
  readonly name: string;
  readonly at: readonly [number, number];
}

/** Places a question takes at most (the server's own bound). */
export const MOST_POINTS = 200;
const DIGITS = 6;

/** Places of a link, `lon~lat~name|…`; what is none of them is passed over. */
export function pointsOf({ said }: Question): readonly Placed[] {
  return (said['pts'] ?? '')
    .split('|')
    .map((part) => {
      const [lon, lat, name] = part.split('~');
      return { name: name ?? '', at: [Number(lon), Number(lat)] as const };
    })
    .filter(({ name, at: [lon, lat] }) => name && Math.abs(lon) <= 180 && Math.abs(lat) <= 90)
    .slice(0, MOST_POINTS);
}

export function writePoints(points: readonly Placed[]): string {
  return points
    .map(({ name, at }) => `${at[0].toFixed(DIGITS)}~${at[1].toFixed(DIGITS)}~${name}`)
    .join('|');
}

/** Whether it says what is asked, and not only about which thing. */
export function isComplete(asked: Asked): boolean {
  // a round calls somewhere, and places of a service are somewhere
  if (asked.kind === 'relief') return pointsOf(asked).length > 1;
  if (asked.kind === 'coverage' && asked.said['of'] === POINTS) return pointsOf(asked).length > 0;
  return asked.kind === 'answer' || Object.keys(asked.said).length > 0;
}

/** The vehicle chosen, or the one usual for the question. */
export function vehicleOf({ kind, said }: Question): Vehicle {
  return VEHICLES.find((one) => one === said['v']) ?? VEHICLE[kind];
}

/** A number chosen, within its bounds. */
export function numberOf(
  { said }: Question,
  name: string,
  otherwise: number,
  [least, most]: readonly [number, number],
): number {
  const value = Number(said[name] ?? otherwise);
  return Number.isFinite(value) ? Math.min(most, Math.max(least, value)) : otherwise;
}

export function listOf({ said }: Question, name: string): readonly string[] {
  return (said[name] ?? '').split(',').filter(Boolean);
}

export function isOn({ said }: Question, name: string): boolean {
  return said[name] === '1';
}

/** What a question rests on beside its own words. */
export interface Around {
  readonly flood: FloodRequest | null;
  readonly asOf: string | null;
  /** Water to come, by hours from now. */
  readonly stages: readonly { readonly hours: number; readonly flood: FloodRequest }[];
}

/** The body the server is sent. */
export function bodyOf(question: Question, around: Around): Readonly<Record<string, unknown>> {
  const asOf = around.asOf ? { as_of: around.asOf } : {};
  if (question.kind === 'revenue_gaps') {
    const kinds = listOf(question, 'kinds').filter((kind) => GAPS.some((one) => one === kind));
    return {
      limit: PAGE,
      offset: numberOf(question, 'from', 0, [0, 10_000_000]),
      ...(kinds.length ? { kinds } : {}),
      ...asOf,
    };
  }
  const wet = around.flood && !isOn(question, 'dry') ? { flood: around.flood } : {};
  const deep = 'd' in question.said && 'flood' in wet;
  const common = {
    ...wet,
    vehicle: vehicleOf(question),
    ...(deep ? { depth_m: numberOf(question, 'd', 0.5, [0, 50]) } : {}),
    ...asOf,
  };
  return { ...common, ...own(question, around) };
}

function own(question: Question, { stages }: Around): Readonly<Record<string, unknown>> {
  switch (question.kind) {
    case 'coverage':
      return {
        ...serviceOf(question),
        within_min: numberOf(question, 'min', 15, [1, 240]),
        ...(isOn(question, 'coming') ? { coming: true } : {}),
        include: ['roads', 'households'],
      };
    case 'shelters':
      return {
        boat: question.said['boat'] !== '0',
        open_all: isOn(question, 'all'),
        only_in_water: isOn(question, 'wet'),
      };
    case 'evacuation':
      return {
        open_all: isOn(question, 'all'),
        failed: listOf(question, 'failed'),
        ...(isOn(question, 'later') ? { stages } : {}),
      };
    case 'route_cuts':
      return { collections: numberOf(question, 'n', 1, [0, 365]) };
    case 'relief':
      return { relief: places(question), collections: 0 };
    case 'revenue_gaps':
      return {};
  }
}

function places(question: Question) {
  return pointsOf(question).map(({ name, at: [lon, lat] }) => ({ code: name, lon, lat }));
}

/** The service: shelters that are open, all shelters, or facilities of some kinds. */
function serviceOf(question: Question): Readonly<Record<string, unknown>> {
  const kinds = listOf(question, 'of');
  const [first] = kinds;
  if (first === POINTS) return { points: places(question) };
  if (!first || first === 'open') return { shelters: 'open' };
  return first === 'all' ? { shelters: 'all' } : { facilities: kinds };
}

/** Who may ask what: questions that may not be asked are absent. */
export function questionsFor(role: string, layers: readonly string[]): readonly Kind[] {
  const sees = (...names: string[]) => names.every((name) => layers.includes(name));
  const may: Readonly<Record<Kind, boolean>> = {
    coverage: sees('roads') && (sees('shelters') || sees('facilities')),
    shelters: sees('roads', 'shelters'),
    evacuation: sees('households', 'evacuation_ranks'),
    route_cuts: sees('waste_stops'),
    relief: sees('roads') && role !== 'public',
    revenue_gaps: role === 'staff' || role === 'admin',
  };
  return KINDS.filter((kind) => may[kind]);
}
