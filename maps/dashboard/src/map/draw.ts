/** Drawing an area, by pointer or by keyboard: corners, then a question about what lies in it. */
import type { App } from '../app/app.ts';
import type { Position } from '../app/url.ts';

const MAX_CORNERS = 200;

export function begin(app: App): void {
  app.drawn = null;
  app.store.set({ drawing: [], section: 'flood' });
}

export function cancel(app: App): void {
  app.store.set({ drawing: null });
}

/** Puts a corner; one on top of the last is not put twice. */
export function corner(app: App, at: Position): void {
  const { drawing } = app.store.state;
  if (!drawing || drawing.length >= MAX_CORNERS) return;
  const last = drawing.at(-1);
  if (last && last[0] === at[0] && last[1] === at[1]) return;
  app.store.set({ drawing: [...drawing, at] });
}

export function undo(app: App): void {
  const { drawing } = app.store.state;
  if (drawing) app.store.set({ drawing: drawing.slice(0, -1) });
}

/** Asks about the drawn area; needs three corners. */
export function finish(app: App): void {
  const { drawing } = app.store.state;
  if (!drawing || drawing.length < 3) return;
  app.store.set({ drawing: null });
  if (app.drawn) app.drawn(drawing);
  else app.flood.choose({ kind: 'drawn', ring: drawing });
}
