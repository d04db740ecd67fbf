/** How much of the map is free: what is shown must not lie under the legend or the record. */
import type { FitBoundsOptions } from 'maplibre-gl';

const MAX_ZOOM = 18;
const MARGIN_PX = 40;
/** A narrower map has its cards below it, not upon it. */
const WIDE_PX = 700;

/** CSS pixels taken on each side. */
export interface Room {
  readonly top: number;
  readonly bottom: number;
  readonly left: number;
  readonly right: number;
}

export function freeRoom(container: HTMLElement): FitBoundsOptions & { padding: Room } {
  const frame = container.getBoundingClientRect();
  const padding = { top: MARGIN_PX, bottom: MARGIN_PX, left: MARGIN_PX, right: MARGIN_PX };
  if (frame.width < WIDE_PX) return { padding, maxZoom: MAX_ZOOM };
  const legend = document.querySelector('muang-legend')?.getBoundingClientRect();
  // a folded legend leaves the middle to the map
  if (legend && legend.height > frame.height / 3) padding.left += legend.right - frame.left;
  const record = document.querySelector('muang-record[data-open]')?.getBoundingClientRect();
  if (record) padding.right += frame.right - record.left;
  return { padding, maxZoom: MAX_ZOOM };
}

/** How far the middle of the free room lies from the middle of the map. */
export function offset({ left, right }: Room): [number, number] {
  return [(left - right) / 2, 0];
}

/** Whether a point of the map is neither covered nor off the screen. */
export function isFree(at: { x: number; y: number }, container: HTMLElement): boolean {
  const { padding } = freeRoom(container);
  const { clientWidth, clientHeight } = container;
  const free = at.x > padding.left - MARGIN_PX && at.x < clientWidth - padding.right + MARGIN_PX;
  return free && at.y > 0 && at.y < clientHeight;
}
