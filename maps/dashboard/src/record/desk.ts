import type { Api } from '../api/client.ts';
import { problemOf } from '../api/problem.ts';
import type { ChangeEvent } from '../api/types.ts';
import { failed, loaded, loading, nothing } from '../app/loadable.ts';
import type { AppState, Hit } from '../app/state.ts';
import type { Store } from '../app/store.ts';
import { ZONE_LAYER } from '../flood/desk.ts';
import { Again } from '../live/again.ts';
import { nameOf } from '../map/pick.ts';
import { bboxOf, overlap } from '../map/tiles.ts';

/** Between two readings of the same record. */
const REST_MS = 300;

/** The open record, and the list of things that lie under the same click. */
export class RecordDesk {
  readonly #api: Api;
  readonly #store: Store<AppState>;
  #asking: AbortController | null = null;
  readonly #again = new Again(() => this.refresh(), REST_MS);

  constructor(api: Api, store: Store<AppState>) {
    this.#api = api;
    this.#store = store;
  }

  /** What lies under a click, most particular first: opens the first, lists them all. */
  pick(hits: readonly Hit[]): void {
    const [first] = hits;
    if (first) this.open(first.layer, first.id, hits);
    else this.close();
  }

  open(layer: string, id: string, hits: readonly Hit[] = []): void {
    this.#store.set({ hits, record: { layer, id }, recordView: nothing });
    void this.refresh();
    void this.#name(hits);
  }

  /** Tiles carry few fields: what the list calls each thing is asked for. */
  async #name(hits: readonly Hit[]): Promise<void> {
    const { lang, zones } = this.#store.state;
    if (hits.length < 2 || hits.every(({ hint }) => hint)) return;
    const named = await Promise.all(
      hits.map(async (hit) => {
        const zone = zones.value?.find(({ id }) => String(id) === hit.id);
        if (hit.hint) return hit;
        if (hit.layer === ZONE_LAYER && zone) return { ...hit, hint: zone.name };
        try {
          const { properties } = await this.#api.item(hit.layer, hit.id, lang, { bare: true });
          return { ...hit, hint: nameOf(properties) };
        } catch {
          return hit; // its number stands for it
        }
      }),
    );
    if (this.#store.state.hits === hits) this.#store.set({ hits: named });
  }

  close(): void {
    this.#asking?.abort();
    this.#store.set({ hits: [], record: null, recordView: nothing });
  }

  /** Fetches the open record again, in the current language. */
  async refresh(): Promise<void> {
    const { record, recordView, lang } = this.#store.state;
    if (!record) return;
    this.#asking?.abort();
    const asking = new AbortController();
    this.#asking = asking;
    this.#store.set({ recordView: loading(recordView) });
    try {
      const [feature, schema] = await Promise.all([
        this.#api.item(record.layer, record.id, lang, { signal: asking.signal }),
        this.#api.schema(record.layer, lang),
      ]);
      if (!asking.signal.aborted) this.#store.set({ recordView: loaded({ feature, schema }) });
    } catch (error) {
      if (!asking.signal.aborted) {
        this.#store.set({ recordView: failed(problemOf(error), recordView) });
      }
    }
  }

  onChanges(changes: readonly ChangeEvent[]): void {
    const { record, recordView } = this.#store.state;
    if (!record) return;
    const here = bboxOf(recordView.value?.feature.geometry ?? null);
    const touched = changes.some(
      ({ layer, bbox }) =>
        layer === record.layer && (!bbox || !here || overlap(bbox, here) !== null),
    );
    if (touched) this.#again.soon();
  }
}
