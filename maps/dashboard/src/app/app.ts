import { Api } from '../api/client.ts';
import { problemOf } from '../api/problem.ts';
import type { BBox, ChangeEvent } from '../api/types.ts';
import { FloodDesk, ZONE_LAYER } from '../flood/desk.ts';
import { type Lang, type MessageKey, say, type Text } from '../i18n/index.ts';
import { LiveStream } from '../live/stream.ts';
import { RecordDesk } from '../record/desk.ts';
import { TableDesk } from '../table/desk.ts';
import { Counts } from './counts.ts';
import { failed, loaded, loading } from './loadable.ts';
import { type AppState, type Hit, initialState, type Toast } from './state.ts';
import { Store } from './store.ts';
import type { UrlState } from './url.ts';

const RETRY_MS = 5_000;
const TOAST_MS = 12_000;
const MAX_TOASTS = 4;
const SPOKEN_GAP_MS = 60_000;

/** Where each layer changed; null: anywhere. */
export type Touched = ReadonlyMap<string, readonly BBox[] | null>;

/** What the page asks of the map. The map itself listens to the store for everything else. */
export interface MapPort {
  readonly focus: () => void;
  readonly flyTo: (bbox: BBox) => void;
  readonly home: () => void;
  readonly zoomBy: (levels: number) => void;
  readonly centre: () => readonly [number, number];
  readonly pickCentre: () => void;
  readonly refresh: (layers: Touched | 'all') => void;
}

/** The page's parts, wired: one store, the server, the live stream, and a desk for each job. */
export class App {
  readonly store: Store<AppState>;
  readonly api: Api;
  readonly live: LiveStream;
  readonly flood: FloodDesk;
  readonly record: RecordDesk;
  readonly table: TableDesk;
  readonly counts: Counts;
  map: MapPort | null = null;
  #askedOn: readonly string[] | undefined;
  #spokenAt = 0;

  constructor(lang: Lang, asked: UrlState, api: Api = new Api()) {
    this.store = new Store(initialState(lang));
    this.api = api;
    this.flood = new FloodDesk(api, this.store);
    this.record = new RecordDesk(api, this.store);
    this.table = new TableDesk(api, this.store);
    this.counts = new Counts(api, this.store);
    this.live = new LiveStream('/live', {
      onState: (live) => this.#onLive(live),
      onChanges: (changes) => this.#onChanges(changes),
      onGap: () => this.refetch(),
    });
    this.store.subscribe((now, before) => {
      if (now.bbox !== before.bbox) this.table.onView();
    });
    this.#askedOn = asked.on;
    this.store.set({ view: asked.view ?? null, tableLayer: asked.table ?? null });
  }

  /** The page's own words in the current language. */
  t(key: MessageKey, values: Readonly<Record<string, string | number>> = {}): string {
    return say(this.store.state.lang, key, values);
  }

  /** One of the server's two-language texts. */
  text(text: Text): string {
    return text[this.store.state.lang];
  }

  /** What people call a layer. */
  layerTitle(layer: string): string {
    const { legend, collections } = this.store.state;
    const known = legend.find((entry) => entry.layer === layer);
    if (known) return this.text(known.title);
    return collections.find(({ id }) => id === layer)?.title ?? layer;
  }

  /** Layers that can be read as a table, as people call them. */
  tableLayers(): { readonly id: string; readonly title: string }[] {
    const { collections, legend } = this.store.state;
    const ids = collections.length
      ? collections.map(({ id }) => id)
      : legend.map(({ layer }) => layer);
    return ids.map((id) => ({ id, title: this.layerTitle(id) }));
  }

  /** Titles of all collections, in the current language. */
  async loadCollections(): Promise<void> {
    const { lang } = this.store.state;
    try {
      this.store.set({ collections: await this.api.collections(lang) });
    } catch {
      // the legend's layers can still be read
    }
  }

  /** Opens the town; keeps trying while the server is away. */
  async start(asked: UrlState): Promise<void> {
    this.live.start();
    while (!(await this.#open())) {
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    }
    void this.loadCollections();
    void this.counts.load();
    this.follow(asked);
    await this.flood.loadZones();
    if (!asked.water) this.flood.chooseDefault();
  }

  async #open(): Promise<boolean> {
    const { lang, me } = this.store.state;
    this.store.set({ me: loading(me) });
    try {
      const [answer] = await Promise.all([this.api.me(lang), this.loadStyle()]);
      const bbox = this.store.state.bbox ?? answer.town.bounds;
      this.store.set({ me: loaded(answer), bbox });
      return true;
    } catch (error) {
      this.store.set({ me: failed(problemOf(error)) });
      return false;
    }
  }

  async loadStyle(): Promise<void> {
    const { lang, style, on, legend: before } = this.store.state;
    try {
      const answer = await this.api.style(lang);
      if (this.store.state.lang !== lang) return;
      const legend = answer.metadata?.['muang:legend'] ?? [];
      const shown =
        before.length > 0
          ? on
          : new Set(
              this.#askedOn ?? legend.filter(({ visible }) => visible).map(({ layer }) => layer),
            );
      this.store.set({ style: loaded(answer), legend, on: shown });
    } catch (error) {
      this.store.set({ style: failed(problemOf(error), style) });
      throw error;
    }
  }

  /** Takes over what a link says, at the start and on Back and Forward. */
  follow(asked: UrlState): void {
    const { record, tableLayer, water, legend } = this.store.state;
    if (asked.on && legend.length > 0) this.store.set({ on: new Set(asked.on) });
    if (asked.record?.id !== record?.id || asked.record?.layer !== record?.layer) {
      if (asked.record) this.record.open(asked.record.layer, asked.record.id);
      else this.record.close();
    }
    const wanted = asked.water ?? null;
    if (JSON.stringify(wanted) !== JSON.stringify(water)) this.flood.choose(wanted);
    if (asked.table) {
      if (asked.table !== tableLayer || !this.store.state.tableView.value) {
        this.table.open(asked.table);
      }
    } else if (tableLayer) this.table.close();
    if (asked.lang) void this.setLang(asked.lang);
  }

  /** A click on the map: the things under it, most particular first. */
  pick(hits: readonly Hit[]): void {
    this.record.pick(hits);
    const [first] = hits;
    if (!first) this.announce(this.t('map.nothing'), true);
    if (first?.layer === ZONE_LAYER) this.flood.chooseFeature(first.id);
  }

  /** One of the things under a click, chosen from the list. */
  pickOne(hit: Hit): void {
    this.record.open(hit.layer, hit.id, this.store.state.hits);
    if (hit.layer === ZONE_LAYER) this.flood.chooseFeature(hit.id);
  }

  async setLang(lang: Lang): Promise<void> {
    if (lang === this.store.state.lang) return;
    this.store.set({ lang });
    try {
      localStorage.setItem('muang.lang', lang);
    } catch {
      // storage may be refused; the link still carries the language
    }
    void this.loadCollections();
    void this.record.refresh();
    void this.table.refresh();
    // caveats are sentences: they come in the language of the question
    void this.flood.recount();
    try {
      await this.loadStyle();
    } catch (error) {
      this.complain('style', error, () => void this.loadStyle());
    }
  }

  toggleLayer(layer: string, on: boolean): void {
    const shown = new Set(this.store.state.on);
    if (on) shown.add(layer);
    else shown.delete(layer);
    this.store.set({ on: shown });
  }

  resetLayers(): void {
    const { legend } = this.store.state;
    this.store.set({
      on: new Set(legend.filter(({ visible }) => visible).map(({ layer }) => layer)),
    });
  }

  /** Everything on screen may be old: fetch it all again. */
  refetch(): void {
    this.map?.refresh('all');
    void this.flood.loadZones();
    this.flood.recountSoon();
    void this.record.refresh();
    void this.table.refresh();
    void this.counts.load();
  }

  /** Shows what went wrong in the server's words, once per `key`, with a way to try again. */
  complain(key: string, error: unknown, retry?: () => void): void {
    const problem = problemOf(error);
    const text =
      problem.status === 0
        ? this.t('error.network')
        : (problem.detail ?? this.t('error.unexpected', { status: problem.status }));
    this.toast({
      key,
      text,
      ...(problem.instance ? { reference: problem.instance } : {}),
      ...(retry ? { retry } : {}),
    });
  }

  toast(toast: Toast): void {
    const others = this.store.state.toasts.filter(({ key }) => key !== toast.key);
    this.store.set({ toasts: [...others, toast].slice(-MAX_TOASTS) });
    // one with an action stays until it is used or dismissed (WCAG 2.2.1)
    if (!toast.retry) setTimeout(() => this.dismiss(toast), TOAST_MS);
  }

  dismiss(toast: Toast): void {
    this.store.set({ toasts: this.store.state.toasts.filter((other) => other !== toast) });
  }

  /** Says a summary to screen readers: at once when a person asked, else once a minute. */
  announce(text: string, asked: boolean): void {
    const now = Date.now();
    if (!asked && now - this.#spokenAt < SPOKEN_GAP_MS) return;
    this.#spokenAt = now;
    this.store.set({ spoken: text });
  }

  #onLive(live: AppState['live']): void {
    const before = this.store.state.live;
    this.store.set({ live });
    if (before.status === 'stale' && live.status === 'live') {
      // what failed while the server was away is asked for again
      this.map?.refresh('all');
      if (this.store.state.impact.problem) this.flood.recountSoon();
      if (this.store.state.zones.problem) void this.flood.loadZones();
    }
  }

  #onChanges(changes: readonly ChangeEvent[]): void {
    const touched = new Map<string, BBox[] | null>();
    for (const { layer, bbox } of changes) {
      const known = touched.get(layer);
      touched.set(layer, bbox === null || known === null ? null : [...(known ?? []), bbox]);
    }
    this.map?.refresh(touched);
    this.flood.onChanges(changes);
    this.record.onChanges(changes);
    this.table.onChanges(changes);
    this.counts.onChanges(changes);
  }
}

/** The link that brings back what is on screen. */
export function linkOf(state: AppState): UrlState {
  const { water, legend, on } = state;
  const asStyled = legend.every(({ layer, visible }) => visible === on.has(layer));
  return {
    lang: state.lang,
    ...(state.view ? { view: state.view } : {}),
    ...(legend.length && !asStyled ? { on: [...on].sort() } : {}),
    ...(water ? { water } : {}),
    ...(state.record ? { record: state.record } : {}),
    ...(state.tableLayer ? { table: state.tableLayer } : {}),
  };
}
