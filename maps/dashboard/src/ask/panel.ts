import { html, nothing, type PropertyDeclarations } from 'lit';
import { keyed } from 'lit/directives/keyed.js';
import './ask.css';
import { problemOf } from '../api/problem.ts';
import type { ChangeEvent } from '../api/types.ts';
import { failed, type Loadable, loaded, loading, nothing as unasked } from '../app/loadable.ts';
import type { AppState } from '../app/state.ts';
import { DeskPart } from '../desk/part.ts';
import { question as waterOf } from '../flood/desk.ts';
import { dateTime, number, span } from '../format.ts';
import { ask as en } from '../i18n/ask.en.ts';
import { ask as th } from '../i18n/ask.th.ts';
import { addWords } from '../i18n/index.ts';
import { icon } from '../ui/icons.ts';
import { proof } from '../ui/proof.ts';
import { asTold } from './answers.ts';
import { type Answer, boxOf, drawn } from './drawn.ts';
import { form, saidOf } from './form.ts';
import { OnMap } from './on-map.ts';
import { AskPoints } from './points.ts';
import {
  type Asked,
  bodyOf,
  isComplete,
  isOn,
  KINDS,
  PATHS,
  type Placed,
  pointsOf,
  type Question,
  readAsk,
  writeAsk,
} from './question.ts';
import { stagesAhead } from './stages.ts';

/** Brings the panel to the page: its words and its element. */
export function openAsk(): void {
  addWords({ th, en });
  if (customElements.get('muang-ask-panel')) return;
  customElements.define('muang-ask-points', AskPoints);
  customElements.define('muang-ask-panel', AskPanel);
}

/** One question: what is asked, how long it takes, and its answer with proof, age and caveats. */
export class AskPanel extends DeskPart {
  static override properties: PropertyDeclarations = {
    ...DeskPart.properties,
    answer: { state: true },
    chosen: { state: true },
    outdated: { state: true },
    again: { state: true },
    copies: { state: true },
    rows: { state: true },
    points: { state: true },
  };
  /** Places set by hand, as they are now. */
  declare points: readonly Placed[];
  declare answer: Loadable<Answer>;
  /** The row that was chosen, by its key on the map. */
  declare chosen: string;
  /** Something the answer rests on has changed since. */
  declare outdated: boolean;
  /** What working the answer out again gave. */
  declare again: string;
  /** Run lists made of this answer. */
  declare copies: readonly Copy[];
  /** Rows of each table drawn at once. */
  declare rows: number;
  protected readonly watch = [
    'ask',
    'me',
    'map',
    'water',
    'zones',
    'at',
    'forecast',
    'stages',
  ] as const satisfies (keyof AppState)[];
  #asking: AbortController | null = null;
  #began = 0;
  #ticking: ReturnType<typeof setInterval> | null = null;
  /** What was last asked, and its body. */
  #last = '';
  #body = '';
  #onMap: OnMap | null = null;
  #unheard: (() => void) | null = null;

  constructor() {
    super();
    this.answer = unasked;
    this.chosen = '';
    this.outdated = false;
    this.again = '';
    this.copies = [];
    this.rows = ROWS;
    this.points = [];
  }

  override connectedCallback(): void {
    super.connectedCallback();
    // seconds while it is worked out; then only its age grows
    let ticks = 0;
    this.#ticking = setInterval(() => {
      ticks += 1;
      if (this.answer.loading || ticks % 30 === 0) this.requestUpdate();
    }, 1000);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    if (this.#ticking) clearInterval(this.#ticking);
    this.#unheard?.();
    this.#asking?.abort();
    this.#onMap?.remove();
    this.#onMap = null;
  }

  protected override firstUpdated(): void {
    // not before: an element that was there before its code knows its app only now
    this.#unheard = this.desk.hear((changes) => this.#changed(changes));
    this.#follow();
  }

  protected override stateChanged(now: AppState, before: AppState): void {
    // sentences and names come in the language of the question
    if (now.lang !== before.lang) this.#last = '';
    this.#follow();
  }

  protected override updated(): void {
    const { map } = this.app;
    if (!map) return;
    const { value } = this.answer;
    if (value || this.points.length > 0)
      this.#onMap ??= new OnMap(map.map, (key) => this.#choose(key));
    this.#onMap?.show(this.#drawn(value ?? null), this.chosen);
  }

  /** Features are worked out once an answer, not at every tick of the clock. */
  #drawn(answer: Answer | null): GeoJSON.FeatureCollection {
    const { points } = this;
    if (!answer && points.length === 0) return NOTHING;
    if (this.#drawnOf?.answer !== answer || this.#drawnOf.points !== points) {
      this.#drawnOf = { answer, points, data: drawn(answer, points) };
    }
    return this.#drawnOf.data;
  }
  #drawnOf: {
    readonly answer: Answer | null;
    readonly points: readonly Placed[];
    readonly data: GeoJSON.FeatureCollection;
  } | null = null;

  /** Asks what the link says, once the water it is about is known. */
  #follow(): void {
    const { ask, lang } = this.state;
    const asked = readAsk(ask);
    const key = `${ask} ${lang}`;
    if (!asked || key === this.#last) {
      if (asked && asked.kind !== 'answer' && this.answer.value)
        this.outdated ||= this.#bodyOf(asked) !== this.#body;
      return;
    }
    if (!isComplete(asked)) {
      this.#last = key;
      this.#cancel();
      this.answer = unasked;
      this.points = asked.kind === 'answer' ? [] : pointsOf(asked);
      return;
    }
    if (asked.kind !== 'answer' && this.#bodyOf(asked) === null) return;
    this.#last = key;
    void this.#ask(asked);
  }

  /** The body to send; null while the zones of the chosen flood are not known. */
  #bodyOf(asked: Question): string | null {
    const { water, zones } = this.state;
    const dry = isOn(asked, 'dry') || asked.kind === 'revenue_gaps';
    const flood = water && !dry ? waterOf(water, zones.value) : null;
    if (water && !dry && !flood && zones.loading) return null;
    const later = stagesAhead(this.state);
    return JSON.stringify(bodyOf(asked, { flood, asOf: this.app.api.asOf, stages: later }));
  }

  async #ask(asked: Asked): Promise<void> {
    this.#cancel();
    const asking = new AbortController();
    this.#asking = asking;
    this.#began = Date.now();
    this.answer = loading(this.answer.value?.kind === asked.kind ? this.answer : undefined);
    this.outdated = false;
    this.again = '';
    this.chosen = '';
    this.copies = [];
    this.rows = ROWS;
    const { lang } = this.state;
    const { http } = this.app.api;
    const { signal } = asking;
    try {
      let answer: Answer;
      if (asked.kind === 'answer') {
        this.#body = '';
        answer = await http.json<Answer>(`/queries/answers/${asked.id}`, { lang, signal });
      } else {
        this.#body = this.#bodyOf(asked) ?? '';
        const body: unknown = JSON.parse(this.#body);
        answer = await http.json<Answer>(PATHS[asked.kind], { lang, method: 'POST', body, signal });
      }
      if (signal.aborted) return;
      this.answer = loaded(answer);
      this.#shown(answer);
    } catch (error) {
      if (!signal.aborted) this.answer = failed(problemOf(error), this.answer);
    }
  }

  #shown(answer: Answer): void {
    const box = boxOf(this.#drawn(answer));
    if (box) this.app.map?.flyTo(box);
    const asked = readAsk(this.state.ask);
    const kind = asked && asked.kind !== 'answer' ? asked.kind : answer.kind;
    this.app.announce(this.t('asks.answered', { name: this.#title(kind) }), true);
  }

  #cancel(): void {
    this.#asking?.abort();
    this.#asking = null;
    this.answer = { ...this.answer, loading: false };
  }

  #changed(changes: readonly ChangeEvent[]): void {
    const rests = new Set(this.answer.value?.provenance.map(({ layer }) => layer));
    if (changes.some(({ layer }) => rests.has(layer))) this.outdated = true;
  }

  #title(kind: string): string {
    return this.t(KINDS.some((one) => one === kind) ? `asks.${kind as 'coverage'}` : 'asks.title');
  }

  /** A place clicked on the map finds its row. */
  #choose(key: string): void {
    this.chosen = key;
    this.rows = Number.MAX_SAFE_INTEGER;
    void this.updateComplete.then(() => {
      const row = [...this.querySelectorAll<HTMLElement>('[data-key]')].find(
        ({ dataset }) => dataset['key'] === key,
      );
      row?.closest('details')?.setAttribute('open', '');
      row?.scrollIntoView({ block: 'nearest' });
    });
  }

  protected override render() {
    const asked = readAsk(this.state.ask);
    if (!asked) return nothing;
    const { value, problem } = this.answer;
    return html`<div class="ask-panel card" aria-busy=${this.answer.loading}>
      <div class="card-head">
        <h3 tabindex="-1">${this.#title(asked.kind === 'answer' ? (value?.kind ?? '') : asked.kind)}</h3>
        <button type="button" class="plain" aria-label=${this.t('ask.close')} title=${this.t('ask.close')}
          @click=${() => this.app.store.set({ ask: null })}>${icon('close')}</button>
      </div>
      ${asked.kind === 'answer' ? nothing : this.#form(asked)}
      ${this.answer.loading ? this.#waiting() : nothing}
      ${
        problem
          ? html`<p class="problem" role="alert">${icon('warn')}
              ${problem.status === 0 ? this.t('error.network') : (problem.detail ?? problem.title)}
              <button type="button" class="link" @click=${() => this.#ask(asked)}>${this.t('app.retry')}</button>
            </p>`
          : nothing
      }
      ${value ? this.#answer(asked, value) : nothing}
    </div>`;
  }

  #form(asked: Question) {
    return html`<form class="ask-form" @points=${(event: CustomEvent<readonly Placed[]>) => {
      this.points = event.detail;
    }} @submit=${(event: SubmitEvent) => {
      event.preventDefault();
      const said = saidOf(asked.kind, new FormData(event.target as HTMLFormElement));
      this.#put({ ...asked, said });
    }}>
      ${keyed(asked.kind, form(this.app, asked))}
      <button type="submit" class="primary">${this.t('ask.send')}</button>
    </form>`;
  }

  /** Asks this; the same question once more is asked again. */
  #put(asked: Question): void {
    const ask = writeAsk(asked);
    if (ask === this.state.ask) void this.#ask(asked);
    else this.app.store.set({ ask });
  }

  #waiting() {
    const seconds = Math.round((Date.now() - this.#began) / 1000);
    return html`<div class="ask-waiting">
      <span role="status">${this.t('ask.working')}</span>
      <span aria-hidden="true">${span(seconds, this.state.lang)}</span>
      <progress aria-label=${this.t('ask.working')}></progress>
      <button type="button" class="chip-button" @click=${() => this.#cancel()}>${this.t('ask.cancel')}</button>
    </div>`;
  }

  #answer(asked: Asked, answer: Answer) {
    return html`${
      this.outdated
        ? html`<p class="ask-old" role="status">${icon('warn')} ${this.t('ask.old')}
            ${asked.kind === 'answer' ? nothing : html`<button type="button" class="link" @click=${() => this.#ask(asked)}>${this.t('ask.again')}</button>`}
          </p>`
        : nothing
    }
      ${asTold(this.app, answer, {
        chosen: this.chosen,
        choose: (key, at) => {
          this.chosen = key;
          if (at) this.app.map?.flyTo([at[0], at[1], at[0], at[1]]);
        },
        shown: this.rows,
        more: () => {
          this.rows += ROWS * 5;
        },
        page: asked.kind === 'revenue_gaps' ? Number(asked.said['from'] ?? 0) : 0,
        turn: (from) => {
          if (asked.kind === 'revenue_gaps')
            this.#put({ ...asked, said: { ...asked.said, from: String(from) } });
        },
        failed: asked.kind === 'evacuation' ? (asked.said['failed'] ?? '') : '',
        fail:
          asked.kind === 'evacuation'
            ? (teams) => this.#put({ ...asked, said: { ...asked.said, failed: teams.join(',') } })
            : null,
        points: asked.kind === 'answer' ? [] : pointsOf(asked),
        copies: this.copies,
        print: (team) => void this.#print(answer.id, team),
      })}
      ${
        answer.caveats.length
          ? html`<div class="caveats">
              <h4>${icon('warn')} ${this.t('flood.caveats')}</h4>
              <ul>${answer.caveats.map((caveat) => html`<li>${caveat}</li>`)}</ul>
            </div>`
          : nothing
      }
      ${proof(this.app, answer)} ${this.#foot(answer)}`;
  }

  /** Which answer this is, how old, how long it took, and whether it comes out the same again. */
  #foot(answer: Answer) {
    const { lang } = this.state;
    const age = Math.max(0, (Date.now() - Date.parse(answer.computed_at)) / 1000);
    return html`<p class="counted ask-foot">
        <span>${this.t('flood.id')} <a href=${`#ask=${encodeURIComponent(`answer;id=${answer.id}`)}`}
          @click=${(event: Event) => {
            event.preventDefault();
            this.app.store.set({ ask: `answer;id=${answer.id}` });
          }}><code>${answer.id.slice(0, 8)}</code></a></span>
        <span>${this.t('flood.at')} ${dateTime(answer.computed_at, lang, true)}</span>
        <span>${this.t('ask.age', { age: span(age, lang) })}</span>
        <span>${this.t('ask.took', { s: number((answer.computing_ms ?? 0) / 1000, lang, 2) })}</span>
        <button type="button" class="link" data-recompute @click=${() => this.#recompute(answer.id)}>${this.t('ask.recompute')}</button>
        <button type="button" class="link" data-print-answer @click=${printed}>${this.t('ask.printThis')}</button>
      </p>
      ${this.again ? html`<p role="status" class="counted">${this.again}</p>` : nothing}`;
  }

  /** Works the answer out again on the versions of the data it was given on. */
  async #recompute(id: string): Promise<void> {
    const { lang } = this.state;
    this.again = this.t('ask.working');
    try {
      const told = await this.app.api.http.json<Answer>(`/queries/answers/${id}?recompute=true`, {
        lang,
      });
      const { equal, differs } = told.recomputed ?? { equal: false, differs: [] };
      this.again = equal
        ? this.t('ask.same')
        : this.t('ask.differs', { parts: (differs ?? []).join(', ') });
    } catch (error) {
      this.again = problemOf(error).detail ?? this.t('error.network');
    }
  }

  /** A numbered copy of the runs, of one team or of all; it opens in a page of its own. */
  async #print(answer: string, team: string | null): Promise<void> {
    try {
      const copy = await this.app.api.http.json<Copy>(`/queries/answers/${answer}/run-lists`, {
        lang: this.state.lang,
        method: 'POST',
        body: team === null ? {} : { team },
      });
      this.copies = [copy, ...this.copies];
      this.app.announce(this.t('ask.copied', { n: copy.number }), true);
    } catch (error) {
      this.app.complain('run-list', error);
    }
  }
}

/** This answer alone on paper, without the lists of households. */
function printed(): void {
  document.body.dataset['print'] = 'ask';
  addEventListener('afterprint', () => delete document.body.dataset['print'], { once: true });
  window.print();
}

/** A numbered copy of run lists. */
export interface Copy {
  readonly number: number;
  readonly team: string | null;
  readonly made_at: string;
  readonly html: string;
  readonly csv: string;
}

/** Thousands of rows at once would hold the page up. */
const ROWS = 100;
const NOTHING: GeoJSON.FeatureCollection = { type: 'FeatureCollection', features: [] };
