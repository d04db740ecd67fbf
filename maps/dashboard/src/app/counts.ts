import type { Api } from '../api/client.ts';
import type { ChangeEvent } from '../api/types.ts';
import type { AppState } from './state.ts';
import type { Store } from './store.ts';

/** Changes come in bursts: a layer is counted again once it pauses. */
const SETTLE_MS = 1_000;

/** How many features each layer of the legend has, so that an empty layer says so. */
export class Counts {
  readonly #api: Api;
  readonly #store: Store<AppState>;
  readonly #waiting = new Set<string>();
  #timer: ReturnType<typeof setTimeout> | null = null;

  constructor(api: Api, store: Store<AppState>) {
    this.#api = api;
    this.#store = store;
  }

  /** Counts every layer of the legend, one after the other: the map's own requests go first. */
  async load(): Promise<void> {
    for (const { layer } of this.#store.state.legend) await this.#count(layer);
  }

  onChanges(changes: readonly ChangeEvent[]): void {
    // the stream also tells of what is no layer: readings, forecasts, feeds, an exercise
    const counted = new Set(this.#store.state.legend.map(({ layer }) => layer));
    for (const { layer, op } of changes) {
      if (op !== 'update' && counted.has(layer)) this.#waiting.add(layer);
    }
    if (this.#timer || this.#waiting.size === 0) return;
    this.#timer = setTimeout(() => {
      this.#timer = null;
      const layers = [...this.#waiting];
      this.#waiting.clear();
      for (const layer of layers) void this.#count(layer);
    }, SETTLE_MS);
  }

  async #count(layer: string): Promise<void> {
    try {
      const page = await this.#api.items(layer, this.#store.state.lang, {
        limit: 1,
        properties: ['id'],
        bare: true,
      });
      const counts = new Map(this.#store.state.counts);
      if (page.numberMatched !== undefined) counts.set(layer, page.numberMatched);
      this.#store.set({ counts });
    } catch {
      // a number beside a name is not worth a message; the layer itself will say what is wrong
    }
  }
}
