import { problemOf } from '../api/problem.ts';
import type { ChangeEvent, LayerSchema } from '../api/types.ts';
import type { App } from '../app/app.ts';
import { failed, loaded, loading, nothing } from '../app/loadable.ts';
import type { AppState } from '../app/state.ts';
import type { Acting } from '../desk/acting.ts';
import { Again } from '../live/again.ts';
import { IncidentApi, once } from './api.ts';
import { byNeed } from './order.ts';
import type { Action, Incident, NewIncident, Said } from './types.ts';

const LAYER = 'incidents';
/** Between two readings of the list; the first comes at once. */
const REST_MS = 150;

/** What needs action: the list every desk shares, the open incident, and what is done to it. */
export class IncidentDesk {
  readonly #app: App;
  readonly #api: IncidentApi;
  readonly #acting: Acting;
  /** Which reading of the list is shown; an answer that was overtaken is not. */
  #asked = 0;
  #shown = 0;
  readonly #again = new Again(() => this.load(), REST_MS);
  #asking: { readonly incident: string; readonly action: Action } | null = null;
  #raising: { readonly form: string; readonly mark: Readonly<Record<string, string>> } | null =
    null;

  constructor(app: App, acting: Acting) {
    this.#app = app;
    this.#acting = acting;
    this.#api = new IncidentApi(app.api);
    app.store.subscribe((now, before) => this.#follow(now, before));
  }

  /** Whether this caller works with incidents at all. */
  get seen(): boolean {
    return this.#app.store.state.me.value?.layers.includes(LAYER) ?? false;
  }

  async load(): Promise<void> {
    const { store, api } = this.#app;
    if (!this.seen) return;
    const { lang, incidents } = store.state;
    const asked = api.asOf;
    const turn = ++this.#asked;
    store.set({ incidents: loading(incidents) });
    try {
      const words = this.#words();
      const found = await this.#api.active(lang);
      if (api.asOf !== asked || turn < this.#shown) return;
      this.#shown = turn;
      store.set({ incidents: loaded(byNeed(found)) });
      await words;
    } catch (error) {
      store.set({ incidents: failed(problemOf(error), incidents) });
    }
    if (store.state.incident) void this.refresh();
  }

  /** Labels of kinds and severities; the list is shown with their codes where that fails. */
  async #words(): Promise<void> {
    const { store, api } = this.#app;
    try {
      const schema = await api.schema(LAYER, store.state.lang);
      store.set({ incidentWords: wordsOf(schema) });
    } catch (error) {
      // a line that is down is told for the whole page
      if (problemOf(error).status === 0) return;
      this.#app.complain('incident-words', error, () => void this.#words());
    }
  }

  /** Opens one; `asking` is a step whose details are to be filled in at once. */
  open(id: number, asking: Action | null = null): void {
    this.#asking = asking && { incident: String(id), action: asking };
    this.#app.store.set({ incident: String(id), section: 'watch' });
  }

  /** The step the panel was opened for; null when it was opened to be read. */
  get asked(): Action | null {
    const asking = this.#asking;
    return asking?.incident === this.#app.store.state.incident ? (asking?.action ?? null) : null;
  }

  /** Those that ask nothing of anybody now, newest first; they can be taken up again. */
  aside(): Promise<Incident[]> {
    return this.#api.aside(this.#app.store.state.lang);
  }

  close(): void {
    this.#app.store.set({ incident: null, incidentView: nothing, story: [] });
  }

  /** Reads the open incident and its story again. */
  async refresh(): Promise<void> {
    const { store } = this.#app;
    const { incident, lang, incidentView } = store.state;
    if (!incident || !this.seen) return;
    store.set({ incidentView: loading(incidentView) });
    try {
      const found = await this.#api.one(incident, lang);
      if (store.state.incident !== incident) return;
      store.set({ incidentView: loaded(found) });
      await this.#tell(found);
    } catch (error) {
      if (store.state.incident !== incident) return;
      store.set({ incidentView: failed(problemOf(error), incidentView) });
    }
  }

  async #tell({ id }: Incident): Promise<void> {
    try {
      const story = await this.#api.story(id, this.#app.store.state.lang);
      if (this.#app.store.state.incident === String(id)) this.#app.store.set({ story });
    } catch {
      // the record itself says how it stands
    }
  }

  /**
   * One step. Answers whether it was done; otherwise the reason is on the screen, and the
   * incident as it is now, with who was first.
   */
  async act(incident: Incident, action: Action, said: Said = {}): Promise<boolean> {
    const { store } = this.#app;
    store.set({ acting: incident.id, conflict: null });
    try {
      const done = await this.#api.act(
        incident,
        action,
        { ...said, ...this.#acting.by },
        store.state.lang,
      );
      store.set({ acting: null });
      if (store.state.incident === String(done.id)) store.set({ incidentView: loaded(done) });
      await this.load();
      return true;
    } catch (error) {
      store.set({ acting: null });
      const problem = problemOf(error);
      if (problem.status === 409 || problem.status === 412) {
        store.set({ conflict: { incident: incident.id, text: problem.detail ?? '' } });
        await this.load();
      } else this.#app.complain(`incident-${incident.id}`, error);
      return false;
    }
  }

  /** Raises one and opens it. Answers its number; null when it was refused. */
  async raise(incident: NewIncident): Promise<number | null> {
    // pressed twice, or sent again after the line broke, the same words raise one incident
    const said = { ...incident, ...this.#acting.by };
    const form = JSON.stringify(said);
    if (this.#raising?.form !== form) this.#raising = { form, mark: once() };
    try {
      const made = await this.#api.raise(said, this.#app.store.state.lang, this.#raising.mark);
      this.#raising = null;
      this.#app.store.set({ raising: null });
      this.open(made.id);
      await this.load();
      return made.id;
    } catch (error) {
      this.#app.complain('raise', error);
      return null;
    }
  }

  /** Numbers of incidents that may be the same as this one. */
  async duplicates(id: number): Promise<readonly { incident: number; code: string }[]> {
    try {
      return await this.#api.duplicates(id, this.#app.store.state.lang);
    } catch {
      return [];
    }
  }

  onChanges(changes: readonly ChangeEvent[]): void {
    if (changes.some(({ layer }) => layer === LAYER || layer === 'event_log')) this.#again.soon();
  }

  #follow(now: AppState, before: AppState): void {
    if (now.lang !== before.lang) void this.load();
    if (now.incident === before.incident) return;
    this.#app.store.set({ incidentView: nothing, story: [], conflict: null });
    if (now.incident) void this.refresh();
  }
}

/** Labels of the coded fields: `words.status.raised`. */
export type Words = Readonly<Record<string, Readonly<Record<string, string>>>>;

function wordsOf({ properties }: LayerSchema): Words {
  return Object.fromEntries(
    Object.entries(properties).flatMap(([name, field]) =>
      field['x-enumLabels'] ? [[name, field['x-enumLabels']]] : [],
    ),
  );
}
