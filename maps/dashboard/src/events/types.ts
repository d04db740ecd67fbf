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

export interface Standing {
  readonly step: number;
  readonly value: string;
  /** In the reader's language. */
  readonly said: string;
  readonly at: string;
  readonly signer?: string | null;
  readonly seat?: string | null;
  readonly document_no?: string | null;
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
  readonly opened_at?: string | null;
  readonly closed_at?: string | null;
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

/** Who signed, as what, and the paper it stands on. */
export interface Signed {
  readonly signer?: string;
  readonly seat?: string;
  readonly document_no?: string;
  readonly note?: string;
}
