import type { Position } from '../app/url.ts';

export const SEVERITIES = ['critical', 'high', 'moderate', 'low'] as const;
export type Severity = (typeof SEVERITIES)[number];

export type Status = 'raised' | 'acknowledged' | 'assigned' | 'on_scene' | 'resolved' | 'all_clear';

/** Something that asks for action. What the caller may not see of it is absent. */
export interface Incident {
  readonly id: number;
  readonly code: string;
  readonly kind: string;
  readonly severity: Severity;
  readonly status: Status;
  readonly title_th: string;
  readonly title_en: string;
  readonly description?: string | null;
  readonly place?: string | null;
  readonly origin?: string | null;
  readonly rule_values?: string | null;
  readonly exercise?: boolean | null;
  readonly raised_at?: string | null;
  readonly raised_by?: string | null;
  readonly acknowledged_at?: string | null;
  readonly acknowledged_by?: string | null;
  readonly unit?: string | null;
  readonly due_at?: string | null;
  readonly escalated?: number | null;
  readonly shelved_until?: string | null;
  readonly merged_into?: string | null;
  readonly at?: Position;
  /** For If-Match; a record of the past has none. */
  readonly version?: string;
}

export const ACTIONS = [
  'acknowledge',
  'assign',
  'on_scene',
  'resolve',
  'all_clear',
  'reopen',
  'shelve',
  'unshelve',
  'merge',
  'unmerge',
  'note',
] as const;
export type Action = (typeof ACTIONS)[number];

/** What an action says beside its name. */
export interface Said {
  readonly unit?: string;
  readonly note?: string;
  readonly until?: string;
  readonly into?: number;
  readonly by?: string;
}

export interface NewIncident {
  readonly kind: string;
  readonly severity: Severity;
  readonly title: string;
  readonly at: Position;
  readonly description?: string;
  readonly place?: string;
  /** False: real, though an exercise is on. */
  readonly exercise?: false;
  readonly by?: string;
}

/** One step of the story, as a sentence in the reader's language. */
export interface LogStep {
  readonly id: number;
  readonly at: string;
  readonly kind: string;
  readonly record?: number | null;
  readonly words: string;
  readonly note?: string | null;
  readonly by_name?: string | null;
  readonly signer?: string | null;
  readonly seat?: string | null;
  readonly document_no?: string | null;
}
