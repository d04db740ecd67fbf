/**
 * Presses that were not meant. A list that others change slides under a hand at rest, and who
 * presses then would act on the row that came instead: that press is not taken, the row shows that
 * it has just come, and the next press counts. A step is taken once, however long its key is held
 * or how often its button is pressed in one go: what stands there afterwards is the next step.
 */
import { ROWS } from './place.ts';

const STEPS = '.boards, .needs, dialog.event';
/** A hand that moved less has rested. */
const REST_PX = 4;
/** After so long whoever rests there has seen what came. */
const SEEN_MS = 500;
const MARK_MS = 1500;

interface Hand {
  readonly x: number;
  readonly y: number;
  readonly row: Element | null;
}

/** Where the hand was moved to last, and the row it was on then. */
let hand: Hand | null = null;
/** When another row came under it; null: none has that we heard of. */
let came: number | null = null;
let refused = false;

/** `tell` says to whoever cannot see it why nothing was done. */
export function watchPresses(tell: () => void): void {
  const options = { capture: true, passive: true } as const;
  document.addEventListener('pointermove', arrive, options);
  document.addEventListener('pointerover', passed, options);
  document.addEventListener('pointerdown', (event) => down(event, tell), options);
  document.addEventListener('click', clicked, { capture: true });
  document.addEventListener('keydown', held, { capture: true });
}

function rowAt(target: EventTarget | null): Element | null {
  return target instanceof Element ? target.closest(ROWS) : null;
}

function rests({ clientX, clientY }: PointerEvent): boolean {
  return (
    hand !== null && Math.abs(clientX - hand.x) < REST_PX && Math.abs(clientY - hand.y) < REST_PX
  );
}

function arrive(event: PointerEvent): void {
  if (event.pointerType !== 'mouse' || rests(event)) return;
  hand = { x: event.clientX, y: event.clientY, row: rowAt(event.target) };
  came = null;
}

/** Browsers tell what came under a hand that rests. */
function passed(event: PointerEvent): void {
  if (event.pointerType !== 'mouse' || !rests(event)) return;
  const row = rowAt(event.target);
  if (row !== null && row !== hand?.row) came ??= event.timeStamp;
}

function down(event: PointerEvent, tell: () => void): void {
  refused = false;
  if (event.pointerType !== 'mouse' || !rests(event) || !hand?.row) return;
  const row = rowAt(event.target);
  const other = row !== null && row !== hand.row && !row.contains(hand.row);
  const fresh = came === null || event.timeStamp - came < SEEN_MS;
  // the next press is for what is there now
  hand = { ...hand, row };
  came = null;
  if (!other || !fresh || !row.closest(STEPS)) return;
  refused = true;
  row.toggleAttribute('data-came', true);
  setTimeout(() => row.removeAttribute('data-came'), MARK_MS);
  tell();
}

function clicked(event: MouseEvent): void {
  const button = event.target instanceof Element ? event.target.closest('button') : null;
  const again = event.detail > 1 && button?.closest(STEPS);
  // a press by key has no place
  if (!again && !(refused && event.detail > 0)) return;
  refused = false;
  event.preventDefault();
  event.stopImmediatePropagation();
}

function held(event: KeyboardEvent): void {
  if (!event.repeat || event.key !== 'Enter' || !(event.target instanceof Element)) return;
  if (event.target.closest(`:is(${STEPS}) :is(button, input, select)`)) event.preventDefault();
}
