/** What the boards count and in which order their rows stand. Pure. */
import type { Feature, Properties } from '../api/types.ts';

/** A shelter this full is worth watching. */
const NEARLY_FULL = 0.8;
/** Where people are counted who are in no shelter. */
export const ELSEWHERE = ['camping', 'relatives'] as const;
export type Elsewhere = (typeof ELSEWHERE)[number];

export interface Counted {
  readonly households: number;
  readonly people: number;
}

export interface ShelterRow {
  readonly feature: Feature;
  readonly code: string;
  readonly name: string;
  readonly open: boolean;
  /** null: nobody has counted, or it is not to be seen. */
  readonly inside: number | null;
  readonly capacity: number | null;
  /** null where room or people are not known; never below nothing. */
  readonly free: number | null;
  readonly state: 'closed' | 'free' | 'nearly' | 'full';
  /** People counted in by household. */
  readonly counted: Counted;
}

export interface ShelterTotals {
  readonly open: number;
  readonly inside: number;
  readonly capacity: number;
  readonly free: number;
  readonly full: number;
}

export function text(properties: Properties, field: string): string {
  const value = properties[field];
  return value === null || value === undefined ? '' : String(value);
}

export function amount(properties: Properties, field: string): number | null {
  const value = properties[field];
  return typeof value === 'number' ? value : null;
}

export function moment(properties: Properties, field: string): number | null {
  const at = Date.parse(text(properties, field));
  return Number.isNaN(at) ? null : at;
}

/** Households that are somewhere now, by the shelter's code, `camping` or `relatives`. */
export function staysBy(stays: readonly Feature[]): ReadonlyMap<string, readonly Feature[]> {
  const found = new Map<string, Feature[]>();
  for (const stay of stays) {
    const { properties } = stay;
    if (properties['out_at'] !== null && properties['out_at'] !== undefined) continue;
    const place = text(properties, 'place');
    const where = place === 'shelter' ? `shelter ${text(properties, 'shelter_code')}` : place;
    found.set(where, [...(found.get(where) ?? []), stay]);
  }
  return found;
}

/** Where the stays of a shelter are kept in `staysBy`. */
export function inShelter(code: string): string {
  return `shelter ${code}`;
}

export function counted(stays: readonly Feature[] | undefined): Counted {
  const all = stays ?? [];
  return {
    households: all.length,
    people: all.reduce((sum, { properties }) => sum + (amount(properties, 'people') ?? 0), 0),
  };
}

/** Open shelters first, the fullest first among them; closed ones by name. */
export function shelterRows(
  shelters: readonly Feature[],
  stays: ReadonlyMap<string, readonly Feature[]>,
): ShelterRow[] {
  return shelters
    .map((feature) => {
      const { properties } = feature;
      const code = text(properties, 'code');
      const open = properties['open'] === true;
      const inside = amount(properties, 'occupancy');
      const capacity = amount(properties, 'capacity');
      return {
        feature,
        code,
        name: text(properties, 'name') || code,
        open,
        inside,
        capacity,
        free: inside === null || capacity === null ? null : Math.max(0, capacity - inside),
        state: open ? fullness(inside, capacity) : ('closed' as const),
        counted: counted(stays.get(inShelter(code))),
      };
    })
    .sort(
      (a, b) =>
        Number(b.open) - Number(a.open) ||
        (a.open ? share(b) - share(a) : 0) ||
        a.name.localeCompare(b.name, 'th'),
    );
}

function share({ inside, capacity }: ShelterRow): number {
  return capacity ? (inside ?? 0) / capacity : 0;
}

function fullness(inside: number | null, capacity: number | null): ShelterRow['state'] {
  if (inside === null || !capacity) return 'free';
  if (inside >= capacity) return 'full';
  return inside >= capacity * NEARLY_FULL ? 'nearly' : 'free';
}

/** Of the open ones: the same sums as the figure on top. */
export function shelterTotals(rows: readonly ShelterRow[]): ShelterTotals {
  const open = rows.filter((row) => row.open);
  const sum = (of: (row: ShelterRow) => number | null) =>
    open.reduce((all, row) => all + (of(row) ?? 0), 0);
  return {
    open: open.length,
    inside: sum(({ inside }) => inside),
    capacity: sum(({ capacity }) => capacity),
    free: sum(({ free }) => free),
    full: open.filter(({ state }) => state === 'full').length,
  };
}

export const RUN_STATES = ['planned', 'underway', 'done', 'failed', 'cancelled'] as const;
export type RunState = (typeof RUN_STATES)[number];
const RUN_ORDER: readonly string[] = ['underway', 'planned', 'failed', 'done', 'cancelled'];
export const RUN_STEPS: Readonly<Record<RunState, readonly RunStep[]>> = {
  planned: ['start', 'fail', 'cancel'],
  underway: ['done', 'fail'],
  done: [],
  failed: [],
  cancelled: [],
};
export type RunStep = 'start' | 'done' | 'fail' | 'cancel';

export function runState({ properties }: Feature): RunState {
  const state = text(properties, 'state');
  return RUN_STATES.find((one) => one === state) ?? 'planned';
}

/** What is under way first, then what waits; what is over last, newest first. */
export function runRows(runs: readonly Feature[]): Feature[] {
  const order = (run: Feature) => RUN_ORDER.indexOf(runState(run));
  return [...runs].sort((a, b) => {
    const by = order(a) - order(b);
    if (by) return by;
    const over = order(a) >= 2;
    return over ? Number(b.id) - Number(a.id) : Number(a.id) - Number(b.id);
  });
}

export function runCounts(runs: readonly Feature[]): Readonly<Record<RunState, number>> {
  const found: Record<RunState, number> = {
    planned: 0,
    underway: 0,
    done: 0,
    failed: 0,
    cancelled: 0,
  };
  for (const run of runs) found[runState(run)] += 1;
  return found;
}

/** When the state a run is in began. */
export function runSince(run: Feature): number | null {
  const { properties } = run;
  const state = runState(run);
  if (state === 'planned') return moment(properties, 'planned_at');
  return moment(properties, state === 'underway' ? 'left_at' : 'ended_at');
}

const CLOSURE_ORDER: readonly string[] = ['closed', 'planned', 'lifted'];

/** Closed roads first, the longest closed first; lifted ones last, newest first. */
export function roadRows(closures: readonly Feature[]): Feature[] {
  const order = ({ properties }: Feature) => CLOSURE_ORDER.indexOf(text(properties, 'status'));
  const since = ({ properties }: Feature) => moment(properties, 'since') ?? 0;
  return [...closures].sort(
    (a, b) =>
      order(a) - order(b) ||
      (order(a) === 2 ? since(b) - since(a) : since(a) - since(b)) ||
      Number(a.id) - Number(b.id),
  );
}

/** Out, and due back before now. */
export function overdue({ properties }: Feature, now: number): boolean {
  const due = moment(properties, 'due_at');
  return properties['status'] === 'out' && due !== null && due < now;
}

/** Overdue first, then out, ready, out of order; by name. */
export function teamRows(resources: readonly Feature[], now: number): Feature[] {
  const rank = (team: Feature) => {
    if (overdue(team, now)) return 0;
    return 1 + ['out', 'ready', 'failed'].indexOf(text(team.properties, 'status'));
  };
  return [...resources].sort(
    (a, b) =>
      rank(a) - rank(b) ||
      text(a.properties, 'code').localeCompare(text(b.properties, 'code'), 'th', { numeric: true }),
  );
}

export interface TeamTotals {
  readonly ready: number;
  readonly out: number;
  readonly failed: number;
  readonly overdue: number;
}

export function teamTotals(resources: readonly Feature[], now: number): TeamTotals {
  const with_ = (status: string) =>
    resources.filter(({ properties }) => properties['status'] === status).length;
  return {
    ready: with_('ready'),
    out: with_('out'),
    failed: with_('failed'),
    overdue: resources.filter((team) => overdue(team, now)).length,
  };
}

const POWER_ORDER: readonly string[] = ['off', 'planned', 'on'];

export function powerRows(areas: readonly Feature[]): Feature[] {
  const order = ({ properties }: Feature) => POWER_ORDER.indexOf(text(properties, 'state'));
  const name = ({ properties }: Feature) => text(properties, 'name') || text(properties, 'code');
  return [...areas].sort((a, b) => order(a) - order(b) || name(a).localeCompare(name(b), 'th'));
}

/** A code nobody has used: what it is, the day and the second in the town's time zone. */
export function newCode(mark: string, now: number): string {
  const parts = new Intl.DateTimeFormat('en-CA', {
    timeZone: 'Asia/Bangkok',
    year: '2-digit',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    hourCycle: 'h23',
  }).formatToParts(now);
  const part = (type: string) => parts.find((one) => one.type === type)?.value ?? '';
  return `${mark}${part('year')}${part('month')}${part('day')}-${part('hour')}${part('minute')}${part('second')}`;
}

/** What people sleep in a household tonight; what is registered where nobody said. null: unknown. */
export function sizeOf({ properties }: Feature): number | null {
  const sum = (start: string) => {
    const told = Object.entries(properties).filter(
      ([name, value]) => name.startsWith(start) && typeof value === 'number',
    );
    return told.length ? told.reduce((all, [, value]) => all + Number(value), 0) : null;
  };
  const sleeping = sum('sleeping_');
  const registered = sum('registered_');
  if (sleeping !== null) return sleeping;
  return registered === null ? null : registered + (amount(properties, 'unregistered') ?? 0);
}

/** A ring of corners as the areas a layer holds; closed as GeoJSON wants it. */
export function areaOf(ring: readonly (readonly [number, number])[]): GeoJSON.MultiPolygon {
  const corners = ring.map(([lng, lat]) => [lng, lat]);
  const first = corners[0];
  return {
    type: 'MultiPolygon',
    coordinates: [[first ? [...corners, [...first]] : corners]],
  };
}

/** Values an edit is to bring back when it is undone. */
export function before(
  { properties }: Feature,
  patch: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.keys(patch).map((name) => [name, properties[name] ?? null]));
}
