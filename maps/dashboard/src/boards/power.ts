import { html, nothing, type PropertyDeclarations } from 'lit';
import { repeat } from 'lit/directives/repeat.js';
import type { Feature } from '../api/types.ts';
import type { Draft } from '../desk/draft.ts';
import { currentEvent } from '../events/desk.ts';
import { begin } from '../map/draw.ts';
import { LAYER_OF } from './keys.ts';
import { BoardPart, written } from './part.ts';
import { areaOf, moment, newCode, powerRows, text } from './rules.ts';

const LAYER = LAYER_OF.power;
const CARE = 'care_locations';
const MARKS: Readonly<Record<string, string>> = { off: '■', planned: '▲', on: '○' };
/** The form of a new area, among the drafts. */
const DECLARE = 'declare';
/** Who may see whose life hangs on power (`layers.model.RESCUERS`). */
const RESCUERS = new Set(['care', 'coordinator', 'team', 'admin']);

/** Areas without power: declared, drawn, ended, and who inside hangs on it. */
export class PowerBoard extends BoardPart {
  static override properties: PropertyDeclarations = {
    ...BoardPart.properties,
    ring: { state: true },
    planning: { state: true },
  };
  /** The area drawn for a new record. */
  declare ring: readonly (readonly [number, number])[] | null;
  /** The record number of the area whose power is to be cut. */
  declare planning: string | null;

  constructor() {
    super();
    this.ring = null;
    this.planning = null;
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    if (this.app.drawn) this.#stopDrawing();
  }

  protected override render() {
    const areas = this.rows(LAYER);
    if (!areas) return this.unread(LAYER);
    const of = (state: string) =>
      areas.filter(({ properties }) => properties['state'] === state).length;
    const heads = [
      this.t('power.area'),
      this.t('board.state'),
      this.t('board.since'),
      this.t('road.until'),
      this.t('board.note'),
      this.t('board.who'),
      ...(this.#rescues ? [this.t('power.homes')] : []),
      ...(this.acts ? [this.t('board.do')] : []),
    ];
    return html`
      ${this.trouble(this.desk.boards.problems.get(LAYER))}
      <div class="board-bar">
        <p class="board-sum" role="status">
          ${this.t('power.sum', { off: this.n(of('off')), planned: this.n(of('planned')), all: this.n(areas.length) })}
        </p>
        ${this.acts && !this.ring ? this.#drawTool() : nothing}
      </div>
      ${this.acts && this.ring ? this.#declaring() : nothing}
      ${
        areas.length === 0
          ? html`<p class="empty">${this.t('power.none')}</p>`
          : this.table(
              this.t('boards.power'),
              heads,
              repeat(
                powerRows(areas),
                ({ id }) => id,
                (row) => this.#row(row, heads.length),
              ),
            )
      }
    `;
  }

  get #rescues(): boolean {
    return this.state.at === null && RESCUERS.has(this.state.me.value?.role ?? '');
  }

  #row(row: Feature, width: number) {
    const { properties: p } = row;
    const id = String(row.id);
    const state = text(p, 'state');
    const name = text(p, 'name') || text(p, 'code');
    return html`<tr aria-current=${this.current(LAYER, row)} data-row=${id} data-state=${state}>
        ${this.open(LAYER, row, name)}
        <td><span class="mark" data-state=${state}><i aria-hidden="true">${MARKS[state] ?? ''}</i> ${this.label(LAYER, 'state', state)}</span></td>
        <td>${this.since(moment(p, 'since'))}</td>
        <td>${this.when(moment(p, 'until'))}</td>
        <td class="wrap">${this.said(text(p, 'note'))}</td>
        <td>${this.said(this.by(row))}</td>
        ${this.#rescues ? html`<td>${this.fold(id, this.t('power.who'), name)}</td>` : nothing}
        ${this.acts ? html`<td class="acts">${this.#acts(row, state, name)}</td>` : nothing}
      </tr>
      ${this.unfolded === id && this.#rescues ? html`<tr class="unfolded personal"><td colspan=${width}>${this.#homes(row, name)}</td></tr>` : nothing}
      ${this.planning === id ? html`<tr class="unfolded"><td colspan=${width}>${this.#plan(row)}</td></tr>` : nothing}`;
  }

  #acts(row: Feature, state: string, name: string) {
    const now = new Date(this.now).toISOString();
    const off = { state: 'off', since: now, until: null };
    const on = { state: 'on', until: now };
    return html`${state === 'off' ? nothing : this.step('power.off', name, () => void this.room.edit('power.didOff', LAYER, row, off), 'off')}
    ${state === 'on' ? nothing : this.step('power.on', name, () => void this.room.edit('power.didOn', LAYER, row, on), 'on', state === 'off')}
    ${
      state === 'on'
        ? this.step(
            'power.plan',
            name,
            () => {
              this.planning = this.planning === String(row.id) ? null : String(row.id);
            },
            'plan',
          )
        : nothing
    }`;
  }

  #plan(row: Feature) {
    return this.form(
      `plan:${row.id}`,
      this.t('power.plan'),
      'power.sendPlan',
      html`<label>${this.t('power.from')} <input type="datetime-local" name="since" required /></label>
        <label>${this.t('power.to')} <input type="datetime-local" name="until" /></label>`,
      (form) =>
        this.room.edit('power.didPlan', LAYER, row, {
          state: 'planned',
          since: utc(written(form, 'since')),
          until: utc(written(form, 'until')),
        }),
      () => {
        this.planning = null;
      },
    );
  }

  #homes(row: Feature, name: string) {
    const found = this.told.homes.get(String(row.id));
    if (found?.problem) {
      return html`<p class="problem" role="alert">${found.problem.detail ?? this.t('error.network')}</p>`;
    }
    if (!found?.value) return html`<p class="empty" role="status">${this.t('board.loading')}</p>`;
    if (found.value.length === 0) {
      // whoever commands sees homes only while an event is open: none seen is not none there
      const closed = this.state.me.value?.role === 'coordinator' && !currentEvent(this.state);
      return html`<p class="empty">${this.t(closed ? 'power.needEvent' : 'power.nobody')}</p>`;
    }
    return html`<h3>${this.t('power.inside', { name, n: this.n(found.value.length) })}</h3>
      <ul class="homes">
        ${repeat(
          found.value,
          ({ care_code }) => care_code,
          ({ care_code, household, needs }) => html`<li data-home=${care_code}>
            <button type="button" class="link" @click=${() => void this.#show(care_code)}>${care_code}</button>
            ${household ?? ''} · ${(needs ?? []).map((need) => this.label(CARE, 'needs', need)).join(', ')}
          </li>`,
        )}
      </ul>`;
  }

  async #show(code: string): Promise<void> {
    try {
      const page = await this.app.api.items(CARE, this.state.lang, { limit: 1, where: { code } });
      const [home] = page.features;
      if (home) this.show(CARE, home);
    } catch (error) {
      this.app.complain('home', error);
    }
  }

  #declaring() {
    return this.form(
      DECLARE,
      this.t('power.declare'),
      'power.send',
      html`<label>${this.t('power.area')} <input name="name" required maxlength="200" autocomplete="off" /></label>
          <label>${this.t('board.state')}
            <select name="state">
              ${this.choices(LAYER, 'state')
                .filter(([value]) => value !== 'on')
                .map(
                  ([value, label]) =>
                    html`<option value=${value} ?selected=${value === 'off'}>${label}</option>`,
                )}
            </select></label>
          <label>${this.t('power.from')} <input type="datetime-local" name="since" /></label>
          <label>${this.t('power.to')} <input type="datetime-local" name="until" /></label>
          <label>${this.t('board.note')} <input name="note" maxlength="500" autocomplete="off" /></label>`,
      (form) => this.#send(form),
      () => {
        this.ring = null;
      },
    );
  }

  protected override get chosen(): Partial<Draft> {
    return this.ring ? { ring: this.ring } : {};
  }

  protected override reopen(form: string, { ring }: Draft): boolean {
    if (form === DECLARE) this.ring = ring ?? null;
    else this.planning = form.slice(form.indexOf(':') + 1);
    return false;
  }

  #drawTool() {
    const drawing = this.state.drawing !== null && this.app.drawn !== null;
    return html`<span class="board-tools">
      ${
        drawing
          ? html`<span role="status">${this.t('power.drawing')}</span>
              <button type="button" @click=${() => this.#stopDrawing()}>${this.t('board.cancel')}</button>`
          : html`<button type="button" data-act="new" ?disabled=${!this.app.map} @click=${() => this.#draw()}>
              ${this.t('power.declare')}
            </button>`
      }
    </span>`;
  }

  #draw(): void {
    begin(this.app);
    this.app.drawn = (ring) => {
      this.app.drawn = null;
      this.ring = ring;
    };
    this.app.store.set({ section: 'table' });
    this.app.map?.focus();
  }

  #stopDrawing(): void {
    this.app.drawn = null;
    this.app.store.set({ drawing: null });
    this.requestUpdate();
  }

  #send(form: FormData): Promise<boolean> {
    if (!this.ring) return Promise.resolve(false);
    const note = written(form, 'note');
    const until = utc(written(form, 'until'));
    return this.room.make('power.didDeclare', LAYER, areaOf(this.ring), {
      code: newCode('P', Date.now()),
      name: written(form, 'name'),
      state: written(form, 'state') ?? 'off',
      since: utc(written(form, 'since')) ?? new Date(this.now).toISOString(),
      ...(until ? { until } : {}),
      ...(note ? { note } : {}),
    });
  }
}

/** A moment as the form tells it, in the reader's time zone, as the server takes it. */
function utc(local: string | null): string | null {
  return local ? new Date(local).toISOString() : null;
}
