/**
 * The way to the sign-in page and back to the same screen.
 *
 * The screen is in the link's fragment, which no server ever sees. It goes to the sign-in page as
 * that page's own fragment; through a provider's pages, which lose fragments, it waits in the
 * tab's storage.
 */
const KEY = 'muang.return';
const LOGIN = '/login';
/** Any address serves to see whether a path stays on its host. */
const HERE = 'https://here.invalid';

/** The sign-in page, leading back to this path and fragment. */
export function loginLink(path: string, hash: string): string {
  return path === '/'
    ? `${LOGIN}${hash}`
    : `${LOGIN}?${new URLSearchParams({ next: path })}${hash}`;
}

/**
 * Where to go after signing in: what `?next=` asks when that is a path of our own, else the map.
 *
 * Browsers read `//host`, `/\host` and a tab between the two slashes as another host.
 */
export function nextPath(search: string): string {
  const asked = new URLSearchParams(search).get('next') ?? '';
  if (!/^\/(?![/\\])/.test(asked)) return '/';
  let url: URL;
  try {
    url = new URL(asked, HERE);
  } catch {
    return '/';
  }
  const elsewhere = url.origin !== HERE || url.pathname === LOGIN || /^\/auth\//.test(url.pathname);
  return elsewhere ? '/' : url.pathname + url.search;
}

/** Keeps the way back while the browser is at a provider's. */
export function keepReturn(target: string): void {
  try {
    sessionStorage.setItem(KEY, target);
  } catch {
    // storage may be refused; the map opens as at first
  }
}

/** The way back that was kept, once; empty when there is none. */
export function takeReturn(): string {
  try {
    const kept = sessionStorage.getItem(KEY) ?? '';
    sessionStorage.removeItem(KEY);
    return kept;
  } catch {
    return '';
  }
}
