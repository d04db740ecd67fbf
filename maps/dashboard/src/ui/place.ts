/**
 * Where the reader's place goes when what held it goes: a browser drops it on the page as a whole,
 * and whoever works by keys or hears the page is lost. It never goes to another record's button.
 */

/** Rows of lists and tables whose steps are buttons. */
export const ROWS = '[data-incident], [data-row], [data-stay], li';
/** What a button does: by it the same step is found again where it was drawn anew. */
const MARKS = ['data-act', 'data-action', 'data-fold', 'data-only', 'data-ask'] as const;
/** What people open and shut as a whole, from somewhere. */
const CONTAINERS = 'form, dialog, section, .card';
const HEADING = ':is(h1, h2, h3, h4)[tabindex="-1"]';

/** From where the reader came into a form, a dialog or a card. */
const openers = new WeakMap<Element, HTMLElement>();

/** What holds the reader's place, and what is around it. */
export interface Place {
  readonly held: HTMLElement;
  /** The row it is in; of a form below a row, that row. */
  readonly row: Element | null;
  /** From the nearest to the page itself. */
  readonly around: readonly Element[];
}

/** A button that was shut while what it asked for is under way. */
let shut: Place | null = null;
let before: HTMLElement | null = null;

if (typeof document !== 'undefined') {
  document.addEventListener('focusin', ({ target }) => {
    if (!(target instanceof HTMLElement)) return;
    const from = before;
    before = target;
    if (!from) return;
    for (
      let at = target.closest(CONTAINERS);
      at;
      at = at.parentElement?.closest(CONTAINERS) ?? null
    ) {
      if (!at.contains(from) && !openers.has(at)) openers.set(at, from);
    }
  });
}

/** The reader's place before something is drawn; null: it is nowhere in there. */
export function placeIn(part: Element): Place | null {
  const held = document.activeElement;
  if (!(held instanceof HTMLElement) || held === document.body || !part.contains(held)) return null;
  const around: Element[] = [];
  for (let at = held.parentElement; at && at !== document.body; at = at.parentElement) {
    around.push(at);
  }
  return { held, row: rowOf(held), around };
}

/** Gives the reader's place back after something was drawn. */
export function keepPlace(place: Place | null): void {
  const kept = place ?? shut;
  if (!kept) return;
  const { held } = kept;
  const now = document.activeElement;
  const off = held.matches(':disabled');
  shut = null;
  if (now !== null && now !== document.body && (now !== held || !off)) return;
  if (held.isConnected && off) shut = kept;
  else next(kept)?.focus({ preventScroll: true });
}

/** Where to: what held it, from where one came into what has gone, its row, a heading. */
function next(place: Place): HTMLElement | null {
  const { held, row } = place;
  if (usable(held)) return held;
  const mark = markOf(held);
  const same = mark && row?.isConnected ? row.querySelector<HTMLElement>(mark) : null;
  if (usable(same)) return same;
  return cameFrom(place) ?? (row?.isConnected ? nameOf(row) : null) ?? heading(place);
}

/** From where one came into the form, dialog or card that has gone; never another row's. */
function cameFrom({ row, around }: Place): HTMLElement | null {
  const there = around.find((each) => each.isConnected);
  for (const gone of around.filter((each) => !each.isConnected)) {
    const from = openers.get(gone);
    const theirs = from ? rowOf(from) : null;
    if (!from || (theirs && theirs !== row)) continue;
    if (usable(from)) return from;
    const mark = markOf(from);
    const anew = mark && !theirs ? there?.querySelector<HTMLElement>(mark) : null;
    if (usable(anew) && !anew.closest(ROWS)) return anew;
  }
  return null;
}

function heading({ around }: Place): HTMLElement | null {
  for (const each of around.filter(({ isConnected }) => isConnected)) {
    const found = each.querySelector<HTMLElement>(HEADING);
    if (usable(found)) return found;
  }
  return null;
}

/** What a row is called by, which leads to its record; else the row itself. */
function nameOf(row: Element): HTMLElement | null {
  const name = row.querySelector<HTMLElement>('.row-open, .need-open');
  if (usable(name)) return name;
  if (!(row instanceof HTMLElement)) return null;
  row.tabIndex = -1;
  return row;
}

function rowOf(element: Element): Element | null {
  const row = element.closest(ROWS);
  const below = element.closest('.unfolded');
  if (!below || (row && below.contains(row))) return row;
  let above = below.previousElementSibling;
  while (above?.matches('.unfolded')) above = above.previousElementSibling;
  return above?.matches(ROWS) ? above : row;
}

function markOf(element: Element): string | null {
  const name = MARKS.find((each) => element.hasAttribute(each));
  return name ? `[${name}="${CSS.escape(element.getAttribute(name) ?? '')}"]` : null;
}

function usable(element: HTMLElement | null | undefined): element is HTMLElement {
  return Boolean(
    element?.isConnected && !element.matches(':disabled') && element.getClientRects().length > 0,
  );
}
