/** Moments in links. Pure; no words, so that the page itself can carry it. */

/** A moment for a link: to the minute, in UTC. */
export function momentName(at: number): string {
  return `${new Date(at).toISOString().slice(0, 16)}Z`;
}

/** A moment read from a link; null when it is none. */
export function readMoment(text: string | null): number | null {
  if (!text || !/^\d{4}-\d\d-\d\dT\d\d:\d\dZ$/.test(text)) return null;
  const at = Date.parse(text);
  return Number.isNaN(at) ? null : at;
}
