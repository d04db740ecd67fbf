/**
 * The service worker: with the server gone, a reload still shows the last public picture.
 *
 * What it keeps it asks for itself, without credentials: only what everybody may see can be in it,
 * whoever is signed in. It stands in only where no answer comes; it never answers instead of the
 * server.
 */
import { isKept, type Picture, pictureUrls, tilesOf } from './picture.ts';

/** The little of a worker's own world that is used here; its types clash with the page's. */
interface Waiting extends Event {
  waitUntil(done: Promise<unknown>): void;
}
interface Asked extends Waiting {
  readonly request: Request;
  respondWith(answer: Promise<Response>): void;
}
interface Told extends Waiting, Pick<MessageEvent<unknown>, 'data' | 'ports'> {}
interface Scope {
  readonly location: Location;
  readonly clients: { claim(): Promise<void> };
  skipWaiting(): Promise<void>;
  addEventListener(type: 'install' | 'activate', listener: (event: Waiting) => void): void;
  addEventListener(type: 'message', listener: (event: Told) => void): void;
  addEventListener(type: 'fetch', listener: (event: Asked) => void): void;
}
declare const self: Scope;

const PAGE = 'muang-page';
const PUBLIC = 'muang-public';
/** When the picture was made, in milliseconds; the page shows it as its age. */
export const AGE_HEADER = 'X-Muang-Picture';
const AT_ONCE = 4;

self.addEventListener('install', () => void self.skipWaiting());
self.addEventListener('activate', (event) => event.waitUntil(self.clients.claim()));

self.addEventListener('message', (event) => {
  const told = event.data as { kind?: string; page?: readonly string[] } | null;
  if (told?.kind !== 'keep') return;
  event.waitUntil(keep(told.page ?? []).then(() => event.ports[0]?.postMessage('kept')));
});

self.addEventListener('fetch', (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== 'GET' || url.origin !== self.location.origin) return;
  if (request.mode === 'navigate' ? url.pathname === '/' : isKept(url.pathname)) {
    event.respondWith(answer(request));
  }
});

/** The server's answer; only where none comes, what was kept. */
async function answer(request: Request): Promise<Response> {
  try {
    return await fetch(request);
  } catch (error) {
    const kept = await find(request);
    if (!kept) throw error;
    return kept;
  }
}

async function find(request: Request): Promise<Response | undefined> {
  const { pathname, searchParams } = new URL(request.url);
  const own = await caches.open(PAGE);
  const all = await caches.open(PUBLIC);
  if (request.mode === 'navigate') return own.match('/');
  const past = searchParams.has('as_of');
  const found =
    (await own.match(pathname)) ??
    (await all.match(request.url)) ??
    // what is kept of a layer is all of it, however much of it is asked for; but never another time
    (past || !pathname.startsWith('/ogc/')
      ? undefined
      : await all.match(request.url, { ignoreSearch: true }));
  const range = /^bytes=(\d+)-(\d*)$/.exec(request.headers.get('range') ?? '');
  return found && range ? slice(found, Number(range[1]), range[2]) : found;
}

/** Caches hold whole files only: a part is cut from the whole. */
async function slice(whole: Response, from: number, last: string | undefined): Promise<Response> {
  const blob = await whole.blob();
  const to = last ? Math.min(Number(last), blob.size - 1) : blob.size - 1;
  return new Response(blob.slice(from, to + 1), {
    status: 206,
    headers: {
      'Content-Range': `bytes ${from}-${to}/${blob.size}`,
      'Content-Length': String(to + 1 - from),
      'Content-Type': whole.headers.get('Content-Type') ?? 'application/octet-stream',
    },
  });
}

/** Keeps the page's own files, and everybody's picture of the town as it is now. */
async function keep(files: readonly string[]): Promise<void> {
  const own = await caches.open(PAGE);
  const wanted = new Set(['/', ...files]);
  for (const file of wanted) {
    // files with a hash in their name never change; the page itself does
    if (file === '/' || !(await own.match(file))) await put(own, file, file);
  }
  for (const { url } of await own.keys()) {
    if (!wanted.has(new URL(url).pathname)) await own.delete(url);
  }
  const all = await caches.open(PUBLIC);
  const picture = await read();
  const urls = [...pictureUrls(picture), ...tilesOf(picture)];
  for (let first = 0; first < urls.length; first += AT_ONCE) {
    await Promise.all(urls.slice(first, first + AT_ONCE).map((url) => put(all, url, url)));
  }
  const stays = new Set(urls.map((url) => new URL(url, self.location.origin).href));
  for (const { url } of await all.keys()) if (!stays.has(url)) await all.delete(url);
}

/** What everybody's picture is made of: the town's box, the styles' sources, the basemap's file. */
async function read(): Promise<Picture> {
  const json = async (url: string) => (await everybody(url)).json() as Promise<unknown>;
  const [me, style, basemap] = await Promise.all([
    json('/me?lang=th'),
    json('/styles/town.json?lang=th'),
    json('/styles/basemap.json?lang=th'),
  ]);
  return { me, style, basemap } as Picture;
}

async function put(cache: Cache, key: string, url: string): Promise<void> {
  const response = await everybody(url);
  if (!response.ok) return;
  const headers = new Headers(response.headers);
  headers.set(AGE_HEADER, String(Date.now()));
  // what was packed on the way has been unpacked
  headers.delete('Content-Encoding');
  headers.delete('Content-Length');
  await cache.put(key, new Response(await response.blob(), { status: 200, headers }));
}

/** Asked as nobody: no cookie goes along, so nothing personal can come back. */
function everybody(url: string): Promise<Response> {
  return fetch(url, { credentials: 'omit', cache: 'no-cache' });
}
