/** The ground of the map: the basemap and whether it is shown, the rasters and their values. */
import type { Api } from '../api/client.ts';
import type { RasterEntry } from '../api/types.ts';
import type { AppState, SpotValue } from './state.ts';
import type { Store } from './store.ts';

const KEY = 'muang.basemap';
const AGAIN_MS = 60_000;

export class GroundDesk {
  readonly #api: Api;
  readonly #store: Store<AppState>;
  #askedAt = 0;
  #spot: AbortController | null = null;

  constructor(api: Api, store: Store<AppState>) {
    this.#api = api;
    this.#store = store;
    store.set({ ground: kept() });
  }

  /** The basemap's style and the rasters in the page's language; a map does without either. */
  async load(): Promise<void> {
    this.#askedAt = Date.now();
    const { lang } = this.#store.state;
    const [basemap, rasters] = await Promise.all([
      this.#api.basemap(lang).catch(() => null),
      this.#rasters().catch(() => [] as RasterEntry[]),
    ]);
    if (this.#store.state.lang !== lang) return;
    const before = this.#store.state;
    const same = JSON.stringify(before.basemap) === JSON.stringify(basemap);
    const alike = JSON.stringify(before.rasters) === JSON.stringify(rasters);
    if (same && alike) return;
    this.#store.set({
      basemap: same ? before.basemap : basemap,
      rasters: alike ? before.rasters : rasters,
    });
  }

  /** The file the map reads has gone: a newer one was made. Asked for at most once a minute. */
  outdated(): void {
    if (Date.now() - this.#askedAt > AGAIN_MS) void this.load();
  }

  show(on: boolean): void {
    this.#store.set({ ground: on });
    try {
      localStorage.setItem(KEY, on ? 'on' : 'off');
    } catch {
      // storage may be refused; it holds until the page is closed
    }
  }

  async #rasters(): Promise<RasterEntry[]> {
    const { lang } = this.#store.state;
    const ids = await this.#api.rasters(lang);
    return Promise.all(ids.map((id) => this.#api.raster(id, lang)));
  }

  /** What the rasters that are on say of a place. */
  async ask(lng: number, lat: number): Promise<void> {
    this.#spot?.abort();
    const { on, rasters, lang } = this.#store.state;
    const asked = rasters.filter(({ raster }) => on.has(raster.id));
    if (asked.length === 0) return this.close();
    const mine = new AbortController();
    this.#spot = mine;
    try {
      const values = await Promise.all(
        asked.map(async ({ name, raster }): Promise<SpotValue> => {
          const { text } = await this.#api.rasterValue(raster.id, lng, lat, lang, mine.signal);
          return { id: raster.id, title: name, text };
        }),
      );
      if (this.#spot === mine) this.#store.set({ spot: { lng, lat, values } });
    } catch {
      if (this.#spot === mine) this.close();
    }
  }

  close(): void {
    this.#spot?.abort();
    this.#spot = null;
    if (this.#store.state.spot) this.#store.set({ spot: null });
  }
}

function kept(): boolean {
  try {
    return localStorage.getItem(KEY) !== 'off';
  } catch {
    return true;
  }
}
