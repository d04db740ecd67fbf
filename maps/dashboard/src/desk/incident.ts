import { html, nothing, type PropertyDeclarations } from 'lit';
import { repeat } from 'lit/directives/repeat.js';
import { identity } from '../app/app.ts';
import type { AppState } from '../app/state.ts';
import { dateTime, span } from '../format.ts';
import { actions, bare, nextAction, progress, SIGNS, waiting } from '../incidents/order.ts';
import type { Action, Incident, Said } from '../incidents/types.ts';
import { board } from '../kpi/boards.ts';
import { icon } from '../ui/icons.ts';
import { options } from '../ui/options.ts';
import { draftsOf } from './draft.ts';
import { dropKept, fillKept, keepTyped } from './kept-form.ts';
import { DeskPart } from './part.ts';

const STEPS = 6;
const MINUTE_MS = 60_000;
const TICK_MS = 5_000;
/** Crews offered to be given an incident at a press. */
const OFFERED = 6;
/** Minutes an incident may be put aside for. */
const SHELVES = [15, 60, 180] as const;

/** One incident: what it is, what has been done, and the next step. */
export class IncidentPanel extends DeskPart {
  static override properties: PropertyDeclarations = {
    ...DeskPart.properties,
    asking: { state: true },
    alike: { state: true },
    into: { state: true },
  };
  /** The action whose details are being filled in. */
  declare asking: Action | null;
  declare alike: readonly { incident: number; code: string }[];
  /** The one it is to be merged into, as its select says; the list changes while one chooses. */
  declare into: string;
  protected readonly watch = [
    'incident',
    'incidentView',
    'incidentWords',
    'incidents',
    'story',
    'acting',
    'conflict',
    'boards',
    'at',
  ] as const satisfies (keyof AppState)[];
  #opened = true;
  /** Whether what was being written of this incident has been looked for. */
  #looked = false;

  #ticking: ReturnType<typeof setInterval> | null = null;

  constructor() {
    super();
    this.asking = null;
    this.alike = [];
    this.into = '';
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.asking = this.desk.incidents.asked;
    this.#ticking = setInterval(() => this.requestUpdate(), TICK_MS);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    if (this.#ticking) clearInterval(this.#ticking);
  }

  protected override stateChanged(now: AppState, before: AppState): void {
    if (now.incident !== before.incident) {
      this.asking = this.desk.incidents.asked;
      this.alike = [];
      this.into = '';
      this.#opened = true;
      this.#looked = false;
    }
  }

  protected override updated(): void {
    this.#again();
    fillKept(this, this.state);
    if (!this.#opened || !this.state.incidentView.value) return;
    this.#opened = false;
    // opened for a step: its first field; else the title
    if (!this.#toForm()) this.querySelector<HTMLElement>('h3')?.focus();
    this.scrollIntoView({ block: 'nearest' });
  }

  protected override render() {
    const { incidentView, conflict, incident } = this.state;
    const { value, problem, loading } = incidentView;
    return html`<section
      class="incident card"
      aria-labelledby="incident-title"
      aria-busy=${loading}
      @keydown=${(event: KeyboardEvent) => {
        if (event.key === 'Escape') this.desk.incidents.close();
      }}
    >
      <div class="card-head">
        <div>
          <p class="kicker">${value ? this.#kicker(value) : nothing}</p>
          <h3 id="incident-title" tabindex="-1">
            ${value ? this.#title(value) : this.t('incident.loading')}
          </h3>
        </div>
        <button
          type="button"
          class="plain"
          aria-label=${this.t('incident.close')}
          title=${this.t('incident.close')}
          @click=${() => this.desk.incidents.close()}
        >
          ${icon('close')}
        </button>
      </div>
      ${
        problem
          ? html`<p class="problem" role="alert">${problem.detail ?? this.t('error.network')}</p>`
          : nothing
      }
      ${
        conflict && String(conflict.incident) === incident
          ? html`<p class="problem" role="alert">
              ${icon('warn')} <span><b>${this.t('incident.second')}</b> ${conflict.text}</span>
            </p>`
          : nothing
      }
      ${value ? this.#body(value) : nothing}
    </section>`;
  }

  #kicker({ severity, code, kind, exercise }: Incident) {
    const { incidentWords: words } = this.state;
    return html`${exercise ? html`<b class="played">${this.t('needs.exercise')}</b> · ` : nothing}<span class="need-sign" data-severity=${severity} aria-hidden="true">${SIGNS[severity]}</span>
      ${words['severity']?.[severity] ?? severity} · ${words['kind']?.[kind] ?? kind} · ${code}`;
  }

  #title({ title_th, title_en }: Incident): string {
    return this.state.lang === 'th' ? title_th : title_en;
  }

  #body(value: Incident) {
    const { incidentWords: words, at, story, lang } = this.state;
    const far = progress(value);
    return html`
      <p class="steps">
        <span class="step-dots" aria-hidden="true"
          >${Array.from({ length: STEPS }, (_, step) => html`<i ?data-done=${step <= far}></i>`)}</span
        >
        <b>${words['status']?.[value.status] ?? value.status}</b>
        ${value.unit ? html`<span>· ${value.unit}</span>` : nothing}
        ${value.merged_into ? html`<span>· ${this.t('incident.merged', { code: value.merged_into })}</span>` : nothing}
        ${value.shelved_until ? html`<span>· ${this.t('incident.shelved', { time: dateTime(value.shelved_until, lang) })}</span>` : nothing}
      </p>
      ${at === null ? this.#waits(value) : nothing}
      ${at === null ? html`<muang-acting .app=${this.app}></muang-acting>` : nothing}
      ${at === null ? this.#actions(value) : html`<p class="empty">${this.t('incident.past')}</p>`}
      ${this.asking ? this.#form(value, this.asking) : nothing}
      <dl class="fields">
        ${this.#line('incident.place', value.place)} ${this.#line('incident.description', value.description)}
        ${this.#line('incident.raised', value.raised_at && [dateTime(value.raised_at, lang), value.raised_by].filter(Boolean).join(' · '))}
        ${this.#line('incident.acknowledged', value.acknowledged_at && [dateTime(value.acknowledged_at, lang), value.acknowledged_by].filter(Boolean).join(' · '))}
        ${this.#line('incident.found', value.rule_values)}
      </dl>
      ${
        story.length
          ? html`<h4>${this.t('incident.story')}</h4>
              <ol class="story">
                ${story.map(
                  (step) => html`<li>
                    <time datetime=${step.at}>${dateTime(step.at, lang)}</time>
                    ${bare(step.words)}${step.by_name ? html` · <b>${step.by_name}</b>` : nothing}
                    ${step.note ? html`<q>${step.note}</q>` : nothing}
                  </li>`,
                )}
              </ol>`
          : nothing
      }
    `;
  }

  /** A step whose details were being written when the page began anew is asked for again. */
  #again(): void {
    const { incidentView, incident } = this.state;
    if (this.#looked || !incidentView.value) return;
    this.#looked = true;
    const [action] = draftsOf(identity(this.state.me.value), `incident:${incident}:`);
    if (action && this.asking === null) this.asking = action as Action;
  }

  /** How long nobody has answered, and when that becomes everybody's matter. */
  #waits(value: Incident) {
    const { lang } = this.state;
    const told = waiting(value, Date.now());
    if (!told) return nothing;
    return html`<p class="need-age">
      ${this.t('needs.waits', { age: span(told.since, lang) })}
      ${told.left === null ? nothing : html` · ${this.t('incident.due', { age: span(told.left, lang) })}`}
    </p>`;
  }

  #line(
    label:
      | 'incident.place'
      | 'incident.description'
      | 'incident.raised'
      | 'incident.acknowledged'
      | 'incident.found',
    value: string | null | undefined,
  ) {
    return value
      ? html`<div>
          <dt>${this.t(label)}</dt>
          <dd>${value}</dd>
        </div>`
      : nothing;
  }

  #actions(value: Incident) {
    const next = nextAction(value);
    return html`<div class="incident-acts" role="group" aria-label=${this.t('incident.actions')}>
      ${repeat(
        actions(value),
        (action) => action,
        (action) => html`<button
          type="button"
          class=${action === next ? 'primary' : ''}
          data-action=${action}
          aria-disabled=${this.state.acting === value.id}
          aria-expanded=${needsWords(action) ? this.asking === action : nothing}
          @click=${() => this.#choose(value, action)}
        >
          ${this.t(`act.${action}`)}
        </button>`,
      )}
    </div>`;
  }

  #choose(value: Incident, action: Action): void {
    if (this.state.acting === value.id) return;
    if (!needsWords(action)) {
      this.asking = null;
      void this.desk.incidents.act(value, action).then(() => this.#stay());
      return;
    }
    if (this.asking) dropKept(`incident:${value.id}:${this.asking}`, this.state);
    this.asking = this.asking === action ? null : action;
    if (action === 'merge') {
      this.into = '';
      void this.desk.incidents.duplicates(value.id).then((found) => {
        this.alike = found;
      });
    }
    if (this.asking) {
      void this.updateComplete.then(() => this.#toForm());
    }
  }

  /** Puts the reader's place where a step's details are filled in; false: none are asked for. */
  #toForm(): boolean {
    const fields = 'form :is(input, select, textarea)';
    const first = this.querySelector<HTMLElement>(fields) ?? this.querySelector('form button');
    if (first instanceof HTMLElement) first.focus();
    return first !== null;
  }

  #form(value: Incident, action: Action) {
    return html`<form
      class="act-form"
      data-draft="incident:${value.id}:${action}"
      @input=${(event: Event) => keepTyped(event, this.state)}
      @submit=${(event: SubmitEvent) => {
        event.preventDefault();
        void this.#send(value, action, new FormData(event.target as HTMLFormElement));
      }}
    >
      ${this.#asked(value, action)}
      ${
        action === 'shelve'
          ? nothing
          : html`<button type="submit" class="primary" aria-disabled=${this.state.acting === value.id}>
              ${this.t(`act.${action}`)}
            </button>`
      }
    </form>`;
  }

  #asked(value: Incident, action: Action) {
    if (action === 'assign') {
      const ready = (status: unknown) => Number(status !== 'ready');
      const units = [...(board(this.state, 'resources') ?? [])]
        .sort((a, b) => ready(a.properties['status']) - ready(b.properties['status']))
        .map(({ properties }) =>
          String(properties['crew'] ?? properties['name'] ?? properties['code']),
        );
      const named = [...new Set(units)];
      return html`${this.#offers(
        this.t('incident.offers'),
        named.slice(0, OFFERED).map((unit) => [unit, { unit }] as const),
        value,
        action,
      )}
        <label
          >${this.t('incident.unit')}
          <input name="unit" list="units" required maxlength="100" autocomplete="off" />
          <datalist id="units">${named.map((unit) => html`<option value=${unit}></option>`)}</datalist>
        </label>`;
    }
    if (action === 'shelve') {
      const until = (minutes: number) => new Date(Date.now() + minutes * MINUTE_MS).toISOString();
      return this.#offers(
        this.t('incident.shelve'),
        SHELVES.map((minutes) => [this.#length(minutes), { until: until(minutes) }] as const),
        value,
        action,
      );
    }
    if (action === 'merge') return this.#others(value);
    return html`<label
      >${this.t('act.note')}
      <textarea name="note" required maxlength="4000" rows="2"></textarea>
    </label>`;
  }

  /** Choices that are done at a press. */
  #offers(
    label: string,
    offers: readonly (readonly [string, Said])[],
    value: Incident,
    action: Action,
  ) {
    return offers.length === 0
      ? nothing
      : html`<div class="offers" role="group" aria-label=${label}>
          <span>${label}</span>
          ${offers.map(
            ([words, said]) => html`<button
              type="button"
              aria-disabled=${this.state.acting === value.id}
              @click=${() => void this.#say(value, action, said)}
            >
              ${words}
            </button>`,
          )}
        </div>`;
  }

  #length(minutes: number): string {
    return span(minutes * 60, this.state.lang);
  }

  /** Near ones of the same kind first; then every other that is open. */
  #others(value: Incident) {
    const near = new Set(this.alike.map(({ incident }) => incident));
    const others = (this.state.incidents.value ?? [])
      .filter(({ id }) => id !== value.id)
      .sort((a, b) => Number(near.has(b.id)) - Number(near.has(a.id)));
    if (others.length === 0) return html`<p class="empty">${this.t('incident.alone')}</p>`;
    const offers = others.filter(({ id }) => near.has(id)).slice(0, OFFERED);
    return html`${this.#offers(
      this.t('incident.near'),
      offers.map((other) => [`${other.code} ${this.#title(other)}`, { into: other.id }] as const),
      value,
      'merge',
    )}
      <label
      >${this.t('incident.into')}
      <select
        name="into"
        required
        @input=${(event: Event) => {
          this.into = (event.target as HTMLSelectElement).value;
        }}
      >
        ${options(
          [
            ['', this.t('incident.choose')],
            ...others.map(
              (other) =>
                [
                  other.id,
                  `${other.code} ${this.#title(other)}${near.has(other.id) ? ` (${this.t('incident.near')})` : ''}`,
                ] as const,
            ),
          ],
          this.into,
        )}
      </select>
    </label>`;
  }

  async #send(value: Incident, action: Action, form: FormData): Promise<void> {
    const text = (name: string) => String(form.get(name) ?? '').trim();
    const said: Said = {
      ...(action === 'assign' ? { unit: text('unit') } : {}),
      ...(action === 'note' ? { note: text('note') } : {}),
      ...(action === 'merge' ? { into: Number(text('into')) } : {}),
    };
    await this.#say(value, action, said);
  }

  async #say(value: Incident, action: Action, said: Said): Promise<void> {
    if (this.state.acting === value.id) return;
    if (await this.desk.incidents.act(value, action, said)) {
      dropKept(`incident:${value.id}:${action}`, this.state);
      this.asking = null;
    }
    await this.#stay();
  }

  /** The button that was pressed may be gone: the reader's place stays in the panel. */
  async #stay(): Promise<void> {
    await this.updateComplete;
    const title = this.querySelector<HTMLElement>('h3');
    if (document.activeElement !== document.body && document.activeElement !== title) return;
    (this.querySelector<HTMLElement>('.incident-acts .primary') ?? title)?.focus();
  }
}

/** Whether an action asks for something before it is done. */
function needsWords(action: Action): boolean {
  return ['assign', 'shelve', 'merge', 'note'].includes(action);
}
