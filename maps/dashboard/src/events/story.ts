/** The log of an event as its story: what was taken back, what may be, and what is searched. Pure. */
import type { Lang } from '../i18n/index.ts';
import { type EventStep, LINES, type Line, type TownEvent, type TownWord } from './types.ts';

/** Thailand does not keep summer time. */
const BANGKOK_MS = 7 * 3600_000;
const BUDDHIST = 543;

/** Steps that were taken back, each with the step that did so. */
export function takenBack(steps: readonly EventStep[]): ReadonlyMap<number, EventStep> {
  return new Map(
    steps.flatMap((step) => (typeof step.undoes === 'number' ? [[step.undoes, step]] : [])),
  );
}

/** Whether a step says what an authority announced; such a one can be taken back. */
export function isAnnouncement({ kind, action }: EventStep): boolean {
  return kind === 'event' && (LINES as readonly string[]).includes(action ?? '');
}

/** What a line of an event says now, without who signed it: everybody may know that. */
export function lineValue(event: TownEvent, line: Line): string | null {
  return event.lines?.[line]?.value ?? event[line] ?? null;
}

/** A word of the town's own list in the reader's language. */
export function wordOf({ word_th, word_en }: TownWord, lang: Lang): string {
  return lang === 'th' ? word_th : (word_en ?? word_th);
}

/** Events by the year they were opened in (Buddhist era in Thai), newest first. */
export function byYear(
  events: readonly TownEvent[],
  lang: Lang,
): { readonly year: number; readonly events: readonly TownEvent[] }[] {
  const found = new Map<number, TownEvent[]>();
  const opened = ({ opened_at }: TownEvent) => Date.parse(opened_at ?? '') || 0;
  for (const event of [...events].sort((a, b) => opened(b) - opened(a))) {
    const year = new Date(opened(event) + BANGKOK_MS).getUTCFullYear();
    const told = lang === 'th' ? year + BUDDHIST : year;
    found.set(told, [...(found.get(told) ?? []), event]);
  }
  return [...found].map(([year, of]) => ({ year, events: of }));
}

/** Steps that hold every one of these words, whoever wrote or signed them. */
export function holding(steps: readonly EventStep[], asked: string): readonly EventStep[] {
  const words = asked.toLocaleLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return steps;
  return steps.filter((step) => {
    const { id, words: said, note, by_name, signer, seat, document_no, area, unit, code } = step;
    const all = [`#${id}`, said, note, by_name, signer, seat, document_no, area, unit, code]
      .filter(Boolean)
      .join(' ')
      .toLocaleLowerCase();
    return words.every((word) => all.includes(word));
  });
}

/** Pages of a log joined; a step that came twice counts once, as it came last. */
export function joined(
  known: readonly EventStep[],
  more: readonly EventStep[],
): readonly EventStep[] {
  const again = new Set(more.map(({ id }) => id));
  return [...known.filter(({ id }) => !again.has(id)), ...more];
}
