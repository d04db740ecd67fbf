/**
 * The incident somebody is writing, kept for this tab until it is raised or given up.
 *
 * A page begins anew when rights change, and rights change for everybody at the very moment an event
 * is opened: just when people write. Only who wrote it gets it back.
 */
const KEY = 'muang.draft';

export interface Draft {
  readonly at: readonly [number, number] | null;
  /** What the form's fields hold, by name. */
  readonly fields: Readonly<Record<string, string>>;
}

export function keepDraft(who: string, draft: Draft): void {
  try {
    sessionStorage.setItem(KEY, JSON.stringify({ who, ...draft }));
  } catch {
    // storage may be refused: what is written is lost with the page, as anywhere
  }
}

/** What this person was writing. Another's is thrown away. */
export function draftOf(who: string): Draft | null {
  try {
    const kept = JSON.parse(sessionStorage.getItem(KEY) ?? 'null') as
      | (Draft & { who: string })
      | null;
    if (kept?.who === who) return { at: kept.at, fields: kept.fields };
  } catch {
    // not ours, or not whole
  }
  dropDraft();
  return null;
}

export function dropDraft(): void {
  try {
    sessionStorage.removeItem(KEY);
  } catch {
    // nothing was kept either
  }
}
