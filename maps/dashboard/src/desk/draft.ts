/**
 * What somebody is writing, form by form, kept for this tab until it is sent or given up.
 *
 * A page begins anew when rights change, and rights change for everybody at the very moment an event
 * is opened: just when people write. Only who wrote it gets it back.
 */
const KEY = 'muang.drafts';

export interface Draft {
  /** Where it is, when a place was chosen. */
  readonly at: readonly [number, number] | null;
  /** What the form's fields hold, by name; a box that is not ticked is not there. */
  readonly fields: Readonly<Record<string, string>>;
  /** An area that was drawn for it. */
  readonly ring?: readonly (readonly [number, number])[];
}

type Drafts = Readonly<Record<string, Draft>>;

/** `form` names the form among all, with the record it is about. */
export function keepDraft(who: string, form: string, draft: Draft): void {
  write(who, { ...read(who), [form]: draft });
}

/** What this person was writing in a form. Another's is thrown away. */
export function draftOf(who: string, form: string): Draft | null {
  return read(who)[form] ?? null;
}

/** Forms this person was writing in whose name begins so, without that beginning. */
export function draftsOf(who: string, start: string): string[] {
  const found = Object.keys(read(who)).filter((form) => form.startsWith(start));
  return found.map((form) => form.slice(start.length));
}

export function dropDraft(who: string, form: string): void {
  const { [form]: _, ...rest } = read(who);
  write(who, rest);
}

function read(who: string): Drafts {
  try {
    const kept = JSON.parse(sessionStorage.getItem(KEY) ?? 'null') as {
      who: string;
      drafts: Drafts;
    } | null;
    if (kept?.who === who) return kept.drafts;
    if (kept) sessionStorage.removeItem(KEY);
  } catch {
    // not ours, or not whole
  }
  return {};
}

function write(who: string, drafts: Drafts): void {
  try {
    if (Object.keys(drafts).length > 0)
      sessionStorage.setItem(KEY, JSON.stringify({ who, drafts }));
    else sessionStorage.removeItem(KEY);
  } catch {
    // storage may be refused: what is written is lost with the page, as anywhere
  }
}
