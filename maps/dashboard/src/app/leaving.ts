/**
 * Why the page began anew, told across its reload.
 *
 * `ended`: the sign-in is over. `changed`: the same person with other rights. `out`: signed out
 * here. `other`: somebody else, or another sign-in, in this browser.
 */
export type Leaving = 'ended' | 'changed' | 'out' | 'other';

const KEY = 'muang.left';
const REASONS: readonly string[] = ['ended', 'changed', 'out', 'other'];

export function tellLeaving(why: Leaving): void {
  try {
    sessionStorage.setItem(KEY, why);
  } catch {
    // storage may be refused; the header says who is signed in all the same
  }
}

/** Why the page before this one was left, once. */
export function takeLeaving(): Leaving | null {
  try {
    const kept = sessionStorage.getItem(KEY);
    sessionStorage.removeItem(KEY);
    return kept && REASONS.includes(kept) ? (kept as Leaving) : null;
  } catch {
    return null;
  }
}
