import type { Api } from '../api/client.ts';
import type { ChangeEvent } from '../api/types.ts';
import { Again } from '../live/again.ts';
import type { AppState } from './state.ts';
import type { Store } from './store.ts';

/** Between two counts: changes come in bursts. */
const REST_MS = 2_000;

/** How many features each layer of the legend has, so that an empty layer says so. */
export class Counts {
  readonly #api: Api;
  readonly #store: Store<AppState>;
  readonly #waiting = new Set<string>();
  readonly #again = new Again(() => this.#countWaiting(), REST_MS);

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
    if (this.#waiting.size > 0) this.#again.soon();
  }

  async #countWaiting(): Promise<void> {
    const layers = [...this.#waiting];
    this.#waiting.clear();
    for (const layer of layers) await this.#count(layer);
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
