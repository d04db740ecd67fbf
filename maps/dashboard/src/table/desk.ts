import type { Api } from '../api/client.ts';
import { problemOf } from '../api/problem.ts';
import type { BBox, ChangeEvent } from '../api/types.ts';
import { failed, loaded, loading, nothing } from '../app/loadable.ts';
import type { AppState } from '../app/state.ts';
import type { Store } from '../app/store.ts';
import { Again } from '../live/again.ts';
import { overlap } from '../map/tiles.ts';

export const PAGE_ROWS = 50;
/** Between two readings of the same rows. */
const AGAIN_MS = 300;
/** The table follows the map once it rests. */
const REST_MS = 250;

/** The table twin of one layer: what of it lies in the map's view, a page at a time. */
export class TableDesk {
  readonly #api: Api;
  readonly #store: Store<AppState>;
  /** The view asked about; null: none yet, or no map. */
  #bbox: BBox | null = null;
  /** The view and the first row of what is shown, while newer rows may be on their way. */
  #shown: { readonly bbox: BBox | null; readonly offset: number } = { bbox: null, offset: 0 };
  #asking: AbortController | null = null;
  #resting: ReturnType<typeof setTimeout> | null = null;
  readonly #again = new Again(() => this.refresh(), AGAIN_MS);

  constructor(api: Api, store: Store<AppState>) {
    this.#api = api;
    this.#store = store;
  }

  open(layer: string): void {
    const same = this.#store.state.tableLayer === layer;
    this.#store.set({
      tableLayer: layer,
      tableOffset: 0,
      tableHeld: false,
      board: null,
      section: 'table',
      ...(same ? {} : { tableView: nothing }),
    });
    void this.refresh();
  }

  close(): void {
    this.#asking?.abort();
    const { section } = this.#store.state;
    this.#store.set({
      tableLayer: null,
      tableView: nothing,
      section: section === 'table' ? 'flood' : section,
    });
  }

  /** Pages forward (+1) or back (-1). */
  page(step: number): void {
    const { tableOffset } = this.#store.state;
    this.#store.set({ tableOffset: Math.max(0, tableOffset + step * PAGE_ROWS) });
    void this.refresh();
  }

  async refresh(): Promise<void> {
    const { tableLayer, tableOffset, tableView, lang, legend, focus } = this.#store.state;
    if (!tableLayer) return;
    // a layer without a geometry is nowhere on the map: all of it is shown
    const onMap = legend.some(({ layer }) => layer === tableLayer);
    const seen = this.#store.state.tableHeld ? this.#shown.bbox : this.#store.state.bbox;
    this.#bbox = seen;
    // what a figure counts is shown whole, wherever it lies
    const ids = focus?.layer === tableLayer ? focus.ids : undefined;
    const bbox = onMap && !ids ? seen : null;
    this.#asking?.abort();
    const asking = new AbortController();
    this.#asking = asking;
    this.#store.set({ tableView: loading(tableView) });
    try {
      const [page, schema] = await Promise.all([
        this.#api.items(
          tableLayer,
          lang,
          {
            limit: PAGE_ROWS,
            offset: tableOffset,
            ...(bbox ? { bbox: sound(bbox) } : {}),
            ...(ids ? { ids } : {}),
          },
          asking.signal,
        ),
        this.#api.schema(tableLayer, lang),
      ]);
      if (asking.signal.aborted) return;
      this.#shown = { bbox: seen, offset: tableOffset };
      this.#store.set({ tableView: loaded({ page, schema }) });
    } catch (error) {
      if (!asking.signal.aborted) {
        this.#store.set({ tableView: failed(problemOf(error), tableView) });
      }
    }
  }

  /** The map moved: the table shows the new view from its first row. */
  onView(): void {
    const { tableLayer, tableHeld, focus } = this.#store.state;
    if (!tableLayer || tableHeld || focus?.layer === tableLayer) return;
    this.#stay();
    this.#resting = setTimeout(() => {
      this.#store.set({ tableOffset: 0 });
      void this.refresh();
    }, REST_MS);
  }

  /** Keeps the rows while the map goes to one of them, so that the next can be tried too. */
  hold(): void {
    const { value } = this.#store.state.tableView;
    this.#stay();
    if (!value) {
      this.#store.set({ tableHeld: true });
      return;
    }
    // rows of another view that are on their way would take these away
    this.#asking?.abort();
    this.#bbox = this.#shown.bbox;
    this.#store.set({
      tableHeld: true,
      tableOffset: this.#shown.offset,
      tableView: loaded(value),
    });
  }

  #stay(): void {
    if (this.#resting) clearTimeout(this.#resting);
    this.#resting = null;
  }

  /** Shows the rows of the map's view again. */
  release(): void {
    this.#store.set({ tableHeld: false, tableOffset: 0 });
    void this.refresh();
  }

  onChanges(changes: readonly ChangeEvent[]): void {
    const { tableLayer } = this.#store.state;
    const bbox = this.#bbox;
    const touched = changes.some(
      (change) =>
        change.layer === tableLayer &&
        (!change.bbox || !bbox || overlap(change.bbox, bbox) !== null),
    );
    if (touched) this.#again.soon();
  }
}

/** A view wider than the world is cut to it. */
function sound(bbox: BBox): BBox {
  return [
    Math.max(-180, bbox[0]),
    Math.max(-90, bbox[1]),
    Math.min(180, bbox[2]),
    Math.min(90, bbox[3]),
  ];
}
