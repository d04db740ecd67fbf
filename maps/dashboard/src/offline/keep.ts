/** The page's side of the service worker: when to keep a picture, and of what. */

const FIRST_MS = 30_000;
const AGAIN_MS = 5 * 60_000;

/** Registers the worker once the page rests, and has it keep the last public picture now and then. */
export function keepPictures(): void {
  if (!('serviceWorker' in navigator)) return;
  setTimeout(() => {
    void keepNow();
    setInterval(() => void keepNow(), AGAIN_MS);
  }, FIRST_MS);
}

/** Keeps a picture now; answers when it has been kept, or cannot be. */
export async function keepNow(): Promise<boolean> {
  try {
    await navigator.serviceWorker.register('/sw.js', { type: 'module' });
    const { active } = await navigator.serviceWorker.ready;
    if (!active) return false;
    const channel = new MessageChannel();
    const kept = new Promise<boolean>((resolve) => {
      channel.port1.onmessage = () => resolve(true);
    });
    active.postMessage({ kind: 'keep', page: filesOfPage() }, [channel.port2]);
    return await kept;
  } catch {
    // a browser that refuses workers shows nothing without the server
    return false;
  }
}

/** What the page has loaded of its own build: it needs the same to start again. */
function filesOfPage(): string[] {
  const paths = performance
    .getEntriesByType('resource')
    .map(({ name }) => new URL(name))
    .filter(({ origin, pathname }) => origin === location.origin && pathname.startsWith('/assets/'))
    .map(({ pathname }) => pathname);
  return [...new Set(paths)];
}
