import type { Map as MapLibre } from 'maplibre-gl';
import { Api } from '../api/client.ts';
import { problemOf } from '../api/problem.ts';
import { SignIns } from '../api/sign-in.ts';
import type { BBox, ChangeEvent, Me } from '../api/types.ts';
import { FloodDesk, ZONE_LAYER } from '../flood/desk.ts';
import { keepLang } from '../i18n/first.ts';
import { type Lang, type MessageKey, say, type Text } from '../i18n/index.ts';
import { LiveStream } from '../live/stream.ts';
import { RecordDesk } from '../record/desk.ts';
import { TableDesk } from '../table/desk.ts';
import { Counts } from './counts.ts';
import { GroundDesk } from './ground.ts';
import { type Leaving, takeLeaving, tellLeaving } from './leaving.ts';
import { failed, loaded, loading } from './loadable.ts';
import { type AppState, type Hit, initialState, type Toast } from './state.ts';
import { Store } from './store.ts';
import type { Position, UrlState } from './url.ts';

const RETRY_MS = 5_000;
const TOAST_MS = 12_000;
const MAX_TOASTS = 4;
const SPOKEN_GAP_MS = 60_000;
/** The words are on the screen before the page begins anew. */
const LEAVE_MS = 60;
/** Other tabs of this browser say here who they were opened for. */
const CHANNEL = 'muang.who';

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
  /** For parts that draw something of their own upon it, and take it away again. */
  readonly map: MapLibre;
}

/** What comes after the first map: the coordinator's desk, in code of its own. */
export interface DeskPort {
  readonly onChanges: (changes: readonly ChangeEvent[]) => void;
  readonly refetch: () => void;
}

/** The page's parts, wired: one store, the server, the live stream, and a desk for each job. */
export class App {
  readonly store: Store<AppState>;
  readonly api: Api;
  readonly signIns: SignIns;
  readonly live: LiveStream;
  readonly flood: FloodDesk;
  readonly record: RecordDesk;
  readonly table: TableDesk;
  readonly counts: Counts;
  readonly ground: GroundDesk;
  map: MapPort | null = null;
  desk: DeskPort | null = null;
  /** Who asked for the area being drawn; null: it becomes the water asked about. */
  drawn: ((ring: readonly Position[]) => void) | null = null;
  #askedOn: readonly string[] | undefined;
  #spokenAt = 0;
  #left = false;
  readonly #tabs = new BroadcastChannel(CHANNEL);

  constructor(lang: Lang, asked: UrlState, api: Api = new Api()) {
    this.store = new Store(initialState(lang));
    this.api = api;
    this.signIns = new SignIns(api.http);
    api.http.onRefused = () => void this.recheck();
    this.#tabs.onmessage = ({ data }) => {
      const { value } = this.store.state.me;
      if (value && data !== identity(value)) void this.recheck();
    };
    this.flood = new FloodDesk(api, this.store);
    this.record = new RecordDesk(api, this.store);
    this.table = new TableDesk(api, this.store);
    this.counts = new Counts(api, this.store);
    this.ground = new GroundDesk(api, this.store);
    this.live = new LiveStream('/live', {
      onState: (live) => this.#onLive(live),
      onChanges: (changes) => this.#onChanges(changes),
      onGap: () => this.refetch(),
      onRefused: (told) => void this.recheck(told),
    });
    this.store.subscribe((now, before) => {
      if (now.bbox !== before.bbox) this.table.onView();
    });
    this.#askedOn = asked.on;
    this.store.set({
      at: asked.at ?? null,
      gauge: asked.gauge ?? null,
      kpi: asked.kpi ?? null,
      incident: asked.incident ?? null,
      compare: asked.compare ?? null,
      event: asked.event ?? null,
      ask: asked.ask ?? null,
      board: asked.board ?? null,
      view: asked.view ?? null,
      tableLayer: asked.table ?? null,
      left: takeLeaving(),
    });
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
    while (!(await this.#open())) {
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    }
    this.live.start();
    void this.loadCollections();
    void this.ground.load();
    void this.counts.load();
    this.follow(asked);
    this.store.set({ followed: true });
    await this.flood.loadZones();
    if (!asked.water) this.flood.chooseDefault();
  }

  async #open(): Promise<boolean> {
    const { lang, me } = this.store.state;
    this.store.set({ me: loading(me) });
    try {
      const [answer] = await Promise.all([this.api.me(lang), this.loadStyle()]);
      const bbox = this.store.state.bbox ?? answer.town.bounds;
      this.#meet(answer);
      this.store.set({ bbox });
      return true;
    } catch (error) {
      const problem = problemOf(error);
      if (problem.status === 401 && this.store.state.left !== 'ended') {
        // the answer made the browser forget the session: from here on everybody's view
        this.store.set({ left: 'ended' });
        return this.#open();
      }
      this.store.set({ me: failed(problem) });
      return false;
    }
  }

  #meet(me: Me): void {
    this.api.http.csrf = me.csrf;
    this.store.set({ me: loaded(me), pictureAt: this.api.pictureAt });
    this.#tabs.postMessage(identity(me));
  }

  /**
   * Asks who the browser is to the server now. `told`: the stream said that rights have changed.
   * Whoever it was, nothing of theirs stays when they are gone.
   */
  async recheck(told = false): Promise<void> {
    const before = this.store.state.me.value;
    if (!before || this.#left) return;
    let now: Me;
    try {
      now = await this.api.me(this.store.state.lang);
    } catch (error) {
      if (problemOf(error).status === 401) this.leave('ended');
      return;
    }
    // no server answered but the kept public picture, which knows nobody: nobody has been refused
    if (this.api.pictureAt !== null) return;
    if (before.authenticated && !now.authenticated) this.leave('ended');
    else if (identity(before) !== identity(now) || before.csrf !== now.csrf) this.leave('other');
    else if (told || now.role !== before.role || String(now.scope) !== String(before.scope)) {
      this.leave('changed');
    }
  }

  /** Does what renews the own session, or what the stream would take for a change of rights. */
  async renewing<T>(change: () => Promise<T>): Promise<T> {
    this.live.stop();
    try {
      const done = await change();
      this.#meet(await this.api.me(this.store.state.lang));
      return done;
    } finally {
      this.live.start();
    }
  }

  /** Fetches the desk, once the map has been drawn or cannot be. */
  async openDesk(): Promise<void> {
    if (this.desk) return;
    try {
      const { openDesk } = await import('../desk/open.ts');
      this.desk ??= openDesk(this);
    } catch (error) {
      this.complain('desk', error, () => void this.openDesk());
    }
  }

  /** Asks again what `/me` tells: an exercise that began or ended is told there. */
  async meetAgain(): Promise<void> {
    this.#meet(await this.api.me(this.store.state.lang));
  }

  /** Opens one's own account; its part of the page is fetched when first asked for. */
  async openAccount(): Promise<void> {
    try {
      const { AccountPanel } = await import('../account/panel.ts');
      if (!customElements.get('muang-account'))
        customElements.define('muang-account', AccountPanel);
      this.store.set({ account: true });
    } catch (error) {
      this.complain('account', error, () => void this.openAccount());
    }
  }

  /** Ends the session; what is then on the screen is everybody's. */
  async signOut(): Promise<void> {
    const { lang } = this.store.state;
    this.store.set({ signingOut: true });
    try {
      await this.signIns.signOut(lang);
    } catch (error) {
      if (problemOf(error).status !== 401) {
        this.store.set({ signingOut: false });
        this.complain('sign-out', error, () => void this.signOut());
        return;
      }
    }
    // what the last one looked at is not the next one's to see
    history.replaceState(null, '', `/#lang=${lang}`);
    this.leave('out');
  }

  /** Takes everything off the screen and out of memory, and begins anew with the same link. */
  leave(why: Leaving): void {
    if (this.#left) return;
    this.clear(why);
    tellLeaving(why);
    setTimeout(() => location.reload(), LEAVE_MS);
  }

  /** Nothing of the town stays on the page. */
  clear(why: Leaving): void {
    this.#left = true;
    this.live.stop();
    this.api.http.csrf = null;
    this.store.set({ ...initialState(this.store.state.lang), leaving: why });
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
    const { water, legend } = this.store.state;
    if (asked.on && legend.length > 0) this.store.set({ on: new Set(asked.on) });
    this.#followRecord(asked);
    const wanted = asked.water ?? null;
    if (JSON.stringify(wanted) !== JSON.stringify(water)) this.flood.choose(wanted);
    this.#followDesk(asked);
    this.#followTable(asked);
    if (asked.lang) void this.setLang(asked.lang);
  }

  #followRecord({ record: asked }: UrlState): void {
    const { record } = this.store.state;
    if (asked?.id === record?.id && asked?.layer === record?.layer) return;
    if (asked) this.record.open(asked.layer, asked.id);
    else this.record.close();
  }

  #followTable({ table: asked }: UrlState): void {
    const { tableLayer, tableView } = this.store.state;
    if (!asked) {
      if (tableLayer) this.table.close();
    } else if (asked !== tableLayer || !tableView.value) this.table.open(asked);
  }

  #followDesk({ at, gauge, kpi, incident, compare, event, ask, board }: UrlState): void {
    this.store.set({
      at: at ?? null,
      gauge: gauge ?? this.store.state.gauge,
      kpi: kpi ?? null,
      incident: incident ?? null,
      compare: compare ?? null,
      event: event ?? null,
      ask: ask ?? null,
      board: board ?? null,
    });
  }

  /** A click on the map: the things under it, most particular first. */
  pick(hits: readonly Hit[]): void {
    this.record.pick(hits);
    const [first] = hits;
    if (!first) this.announce(this.t('map.nothing'), true);
    if (first?.layer === ZONE_LAYER) this.flood.chooseFeature(first.id);
  }

  /** A click on the map where rasters are on: their values there. */
  ask(lng: number, lat: number): void {
    void this.ground.ask(lng, lat);
  }

  /** One of the things under a click, chosen from the list. */
  pickOne(hit: Hit): void {
    this.record.open(hit.layer, hit.id, this.store.state.hits);
    if (hit.layer === ZONE_LAYER) this.flood.chooseFeature(hit.id);
  }

  async setLang(lang: Lang): Promise<void> {
    if (lang === this.store.state.lang) return;
    this.store.set({ lang });
    keepLang(lang);
    this.ground.close();
    void this.loadCollections();
    void this.ground.load();
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
    if (!on && this.store.state.spot) this.ground.close();
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
    // in another time there are other zones
    void this.flood.loadZones().then(() => this.flood.recountSoon());
    void this.record.refresh();
    void this.table.refresh();
    void this.counts.load();
    this.desk?.refetch();
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
    // the server is back: from the picture to the town, and to whoever is signed in
    if (live.status === 'live' && this.store.state.pictureAt !== null) location.reload();
    // an exercise may have begun, or run faster, between the first answer and the stream's beginning
    if (before.pos === null && live.pos !== null) void this.meetAgain().catch(() => null);
    if (before.status === 'stale' && live.status === 'live') {
      // what failed while the server was away is asked for again
      this.map?.refresh('all');
      void this.ground.load();
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
    this.desk?.onChanges(changes);
  }
}

/** Who a page was opened for, to be compared between tabs. */
/** Who somebody is, whatever their rights. */
export function identity(me: Me | undefined): string {
  return `${me?.kind}:${me?.principal}`;
}

/** The link that brings back what is on screen. */
export function linkOf(state: AppState): UrlState {
  const { water, legend, on } = state;
  const asStyled =
    legend.every(({ layer, visible }) => visible === on.has(layer)) &&
    !state.rasters.some(({ raster }) => on.has(raster.id));
  return {
    lang: state.lang,
    ...(state.view ? { view: state.view } : {}),
    ...(legend.length && !asStyled ? { on: [...on].sort() } : {}),
    ...(water ? { water } : {}),
    ...(state.record ? { record: state.record } : {}),
    ...(state.tableLayer ? { table: state.tableLayer } : {}),
    ...(state.at === null ? {} : { at: state.at }),
    ...(state.gauge ? { gauge: state.gauge } : {}),
    ...(state.kpi ? { kpi: state.kpi } : {}),
    ...(state.incident ? { incident: state.incident } : {}),
    ...(state.compare ? { compare: state.compare } : {}),
    ...(state.event ? { event: state.event } : {}),
    ...(state.ask ? { ask: state.ask } : {}),
    ...(state.board ? { board: state.board } : {}),
  };
}
