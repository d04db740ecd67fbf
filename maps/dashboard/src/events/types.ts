import type { LogStep } from '../incidents/types.ts';

/** What each authority says, kept apart: the town's flag is never the DDPM's level. */
export const LINES = [
  'flag',
  'eoc',
  'evacuation_advice',
  'evacuation_order',
  'ddpm_level',
  'disaster_area',
  'relief_zone',
] as const;
export type Line = (typeof LINES)[number];

/** What each line but the flag may say; flags are the town's own words. */
export const VALUES: Readonly<Record<Exclude<Line, 'flag'>, readonly string[]>> = {
  eoc: ['open', 'closed'],
  evacuation_advice: ['in_force', 'ended'],
  evacuation_order: ['in_force', 'ended'],
  ddpm_level: ['1', '2', '3', '4', 'ended'],
  disaster_area: ['in_force', 'ended'],
  relief_zone: ['in_force', 'ended'],
};

/** Who signed, as what, and the paper it stands on. */
export interface Signed {
  readonly signer?: string | null;
  readonly seat?: string | null;
  readonly document_no?: string | null;
  readonly signed_at?: string | null;
  readonly area?: string | null;
  readonly note?: string | null;
}

export interface Standing extends Signed {
  readonly step: number;
  readonly value: string;
  /** In the reader's language. */
  readonly said: string;
  readonly at: string;
  readonly by_name?: string | null;
}

export interface TownEvent {
  readonly id: number;
  readonly code: string;
  readonly name: string;
  readonly kind: string;
  readonly state: 'open' | 'closed';
  readonly exercise?: boolean | null;
  readonly flag?: string | null;
  readonly eoc?: string | null;
  readonly ddpm_level?: string | null;
  readonly disaster_area?: string | null;
  readonly relief_zone?: string | null;
  readonly evacuation_advice?: string | null;
  readonly evacuation_order?: string | null;
  readonly opened_at?: string | null;
  readonly closed_at?: string | null;
  /** How each line stands and on what paper; absent for who may not see the log. */
  readonly lines?: Readonly<Partial<Record<Line, Standing>>> | null;
  readonly version?: string;
}

export interface TownWord {
  readonly list: 'flag' | 'seat';
  readonly code: string;
  readonly word_th: string;
  readonly word_en?: string | null;
  readonly color?: string | null;
  readonly meaning_th?: string | null;
  readonly meaning_en?: string | null;
}

export interface EventSettings {
  readonly flags: readonly TownWord[];
  readonly seats: readonly TownWord[];
}

/** The event being read, by its number; null: whichever is open. Steps of one kind, or of all. */
export interface EventView {
  readonly id: number | null;
  readonly kind: string | null;
}

/** What steps are about, as the log's filter names it. */
export const STEP_KINDS = [
  'event',
  'incident',
  'task',
  'run',
  'stay',
  'resource',
  'shelter',
  'closure',
  'power',
] as const;
export type StepKind = (typeof STEP_KINDS)[number];

/** One step of the log as the story tells it. */
export interface EventStep extends LogStep, Signed {
  readonly code?: string | null;
  readonly action?: string;
  readonly was?: string | null;
  readonly becomes?: string | null;
  readonly unit?: string | null;
  /** The step this one takes back. */
  readonly undoes?: number | null;
  readonly exercise?: boolean | null;
}

/** The log of an event as far as it has been read. */
export interface EventStory {
  readonly event: number;
  readonly kind: string | null;
  /** In the order they happened. */
  readonly steps: readonly EventStep[];
  /** There are more than are read here. */
  readonly cut: boolean;
}
