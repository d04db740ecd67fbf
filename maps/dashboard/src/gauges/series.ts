/** A gauge's readings and forecast as the columns a chart draws. Pure; times in seconds. */
import type { Ring } from './ring.ts';
import { FLAGS, type FlagName, type Forecast, type Reading } from './types.ts';

/** A gap longer than this many expected intervals is drawn as a gap, not as a line. */
const GAP_INTERVALS = 3;
/** Nobody said how often it reads: what hydrologists take for granted. */
const USUAL_S = 3600;
const DOUBT = new Set<FlagName>(['future', 'stuck', 'spike', 'range']);

/** Columns in the order the chart has them: time, observed, suspect, low, likely, high. */
export interface Columns {
  readonly at: number[];
  readonly observed: (number | null)[];
  readonly suspect: (number | null)[];
  readonly low: (number | null)[];
  readonly likely: (number | null)[];
  readonly high: (number | null)[];
}

export function bitsOf(flags: readonly FlagName[]): number {
  return flags.reduce((bits, flag) => bits | (1 << FLAGS.indexOf(flag)), 0);
}

export function flagsOf(bits: number): FlagName[] {
  return FLAGS.filter((_, place) => (bits & (1 << place)) !== 0);
}

/** Fills a ring with readings; NaN stands for a reading without a value. */
export function fill(ring: Ring, readings: readonly Reading[]): void {
  for (const { at, level, flags } of readings) ring.push(at, level ?? Number.NaN, bitsOf(flags));
}

/** The columns of what is kept and what is forecast, cut to `from`…`to` (milliseconds). */
export function columns(
  ring: Ring,
  forecast: Forecast | undefined,
  from: number,
  to: number,
  expectedS: number | null,
): Columns {
  const made: Columns = { at: [], observed: [], suspect: [], low: [], likely: [], high: [] };
  const widest = (expectedS ?? USUAL_S) * GAP_INTERVALS;
  let last = Number.NEGATIVE_INFINITY;
  for (let index = 0; index < ring.length; index++) {
    const at = ring.at(index);
    if (at < from || at > to) continue;
    const seconds = at / 1000;
    // a silent station draws no line over its silence
    if (last > 0 && seconds - last > widest) put(made, last + widest / 2, {});
    put(made, seconds, reading(ring, index));
    last = seconds;
  }
  for (const { at, level, low, high } of forecast?.points ?? []) {
    const seconds = at / 1000;
    if (at >= from && at <= to && seconds > last) put(made, seconds, { low, likely: level, high });
  }
  return made;
}

type Row = Readonly<Partial<Record<Exclude<keyof Columns, 'at'>, number | null>>>;

function put(made: Columns, at: number, row: Row): void {
  made.at.push(at);
  for (const name of ['observed', 'suspect', 'low', 'likely', 'high'] as const) {
    made[name].push(row[name] ?? null);
  }
}

function reading(ring: Ring, index: number): Row {
  const value = ring.value(index);
  const level = Number.isNaN(value) ? null : value;
  const doubtful = flagsOf(ring.bits(index)).some((flag) => DOUBT.has(flag));
  return doubtful ? { suspect: level } : { observed: level };
}

/** The lowest and highest level to show: everything drawn, and the marks near it. */
export function levelRange(made: Columns, marks: readonly number[]): [number, number] | null {
  const drawn = [made.observed, made.suspect, made.low, made.high]
    .flat()
    .filter((level): level is number => level !== null);
  if (drawn.length === 0) return null;
  let low = Math.min(...drawn);
  let high = Math.max(...drawn);
  // a bank far above tells nothing of the curve, but one within reach must be seen
  const reach = Math.max(3, (high - low) * 1.5);
  for (const mark of marks) {
    if (mark > high && mark - high <= reach) high = mark;
    if (mark < low && low - mark <= reach / 2) low = mark;
  }
  const room = Math.max(0.15, (high - low) * 0.08);
  return [low - room, high + room];
}
