import { html, nothing, type PropertyDeclarations } from 'lit';
import { repeat } from 'lit/directives/repeat.js';
import type { Feature } from '../api/types.ts';
import type { AppState } from '../app/state.ts';
import type { Draft } from '../desk/draft.ts';
import { LAYER_OF } from './keys.ts';
import { BoardPart, written } from './part.ts';
import { moment, newCode, roadRows, text } from './rules.ts';

const LAYER = LAYER_OF.roads;
const MARKS: Readonly<Record<string, string>> = { closed: '■', planned: '▲', lifted: '○' };

/** Closed roads: closed where somebody clicks the map, opened again, since when and why. */
export class RoadBoard extends BoardPart {
  static override properties: PropertyDeclarations = {
    ...BoardPart.properties,
    closing: { state: true },
    lifted: { state: true },
    near: { state: true },
  };
  declare closing: boolean;
  /** Roads opened again are listed too. */
  declare lifted: boolean;
  /** Roads near the place chosen. */
  declare near: readonly Feature[];

  constructor() {
    super();
    this.closing = false;
    this.lifted = false;
    this.near = [];
  }

  protected override stateChanged(now: AppState, before: AppState): void {
    if (this.closing && now.picking?.at && now.picking !== before.picking) {
      void this.#look(now.picking.at);
    }
  }

  protected override render() {
    const closures = this.rows(LAYER);
    if (!closures) return this.unread(LAYER);
    const of = (status: string) =>
      closures.filter(({ properties }) => properties['status'] === status).length;
    const rows = roadRows(closures).filter(
      ({ properties }) => this.lifted || properties['status'] !== 'lifted',
    );
    const heads = [
      this.t('road.road'),
      this.t('board.state'),
      this.t('road.cause'),
      this.t('board.since'),
      this.t('road.until'),
      this.t('board.note'),
      this.t('board.who'),
      ...(this.acts ? [this.t('board.do')] : []),
    ];
    return html`
      ${this.trouble(this.desk.boards.problems.get(LAYER))}
      <div class="board-bar"><p class="board-sum">
        <span role="status"
          >${this.t('road.sum', { n: this.n(of('closed')), planned: this.n(of('planned')) })}</span
        >
        ${
          of('lifted')
            ? html`<label class="tick">
                <input type="checkbox" .checked=${this.lifted} @change=${(event: Event) => {
                  this.lifted = (event.target as HTMLInputElement).checked;
                }} />
                ${this.t('road.lifted', { n: this.n(of('lifted')) })}
              </label>`
            : nothing
        }
      </p>
      ${
        this.acts && !this.closing
          ? html`<button type="button" data-act="new" @click=${() => this.#begin()}>
              ${this.t('road.close')}
            </button>`
          : nothing
      }</div>
      ${this.acts && this.closing ? this.#closing() : nothing}
      ${
        rows.length === 0
          ? html`<p class="empty">${this.t('road.none')}</p>`
          : this.table(
              this.t('boards.roads'),
              heads,
              repeat(
                rows,
                ({ id }) => id,
                (row) => this.#row(row),
              ),
            )
      }
    `;
  }

  #name({ properties }: Feature): string {
    const code = text(properties, 'code');
    const road = text(properties, 'road_code');
    const name = this.told.roads.get(road) ?? road;
    return name ? `${name} · ${code}` : code;
  }

  #row(row: Feature) {
    const { properties: p } = row;
    const status = text(p, 'status');
    const name = this.#name(row);
    return html`<tr aria-current=${this.current(LAYER, row)} data-row=${row.id} data-state=${status}>
      ${this.open(LAYER, row, name)}
      <td>
        <span class="mark" data-state=${status}><i aria-hidden="true">${MARKS[status] ?? ''}</i> ${this.label(LAYER, 'status', status)}</span>
        ${p['whole_road'] === true ? html`<small>${this.t('road.whole')}</small>` : nothing}
      </td>
      <td>${this.said(this.label(LAYER, 'cause', p['cause']))}</td>
      <td>${this.since(moment(p, 'since'))}</td>
      <td>${this.when(moment(p, 'until'))}</td>
      <td class="wrap">${this.said(text(p, 'note'))}</td>
      <td>${this.said(this.by(row))}</td>
      ${this.acts ? html`<td class="acts">${this.#acts(row, status, name)}</td>` : nothing}
    </tr>`;
  }

  #acts(row: Feature, status: string, name: string) {
    const now = new Date(this.now).toISOString();
    const close = () =>
      void this.room.edit('road.didClose', LAYER, row, {
        status: 'closed',
        since: now,
        until: null,
      });
    const lift = () =>
      void this.room.edit('road.didLift', LAYER, row, { status: 'lifted', until: now });
    return html`${status === 'closed' ? nothing : this.step(status === 'planned' ? 'road.now' : 'road.again', name, close, 'close')}
    ${status === 'lifted' ? nothing : this.step('road.lift', name, lift, 'lift', status === 'closed')}`;
  }

  #closing() {
    return this.form(
      'close',
      this.t('road.close'),
      'road.send',
      html`${this.where(true)}
        <label>${this.t('road.road')}
          <select name="road_code">
            ${repeat(
              this.near,
              ({ id }) => id,
              ({ properties }, n) =>
                html`<option value=${text(properties, 'code')} ?selected=${n === 0}>${text(properties, 'name') || text(properties, 'code')}</option>`,
            )}
            <option value="">${this.t('road.unnamed')}</option>
          </select></label>
        <label>${this.t('road.cause')}
          <select name="cause">
            ${this.choices(LAYER, 'cause').map(([value, label]) => html`<option value=${value}>${label}</option>`)}
          </select></label>
        <label>${this.t('board.state')}
          <select name="status">
            ${this.choices(LAYER, 'status')
              .filter(([value]) => value !== 'lifted')
              .map(([value, label]) => html`<option value=${value}>${label}</option>`)}
          </select></label>
        <label>${this.t('board.note')} <input name="note" maxlength="500" autocomplete="off" /></label>
        <label class="tick"><input type="checkbox" name="whole" /> ${this.t('road.whole')}</label>`,
      (form) => this.#send(form),
      () => this.#shut(),
      Boolean(this.state.picking?.at),
    );
  }

  protected override reopen(_form: string, { at }: Draft): boolean {
    this.closing = true;
    if (at) void this.#look(at);
    else this.app.store.set({ picking: { at } });
    return true;
  }

  #begin(): void {
    this.closing = true;
    this.near = [];
    this.app.store.set({ picking: { at: null } });
    this.app.announce(this.t('board.where'), true);
  }

  #shut(): void {
    this.closing = false;
    this.app.store.set({ picking: null });
  }

  async #look(at: readonly [number, number]): Promise<void> {
    try {
      this.near = await this.room.api.roadsNear(at, this.state.lang);
    } catch {
      this.near = []; // the closure goes without the road's name
    }
  }

  #send(form: FormData): Promise<boolean> {
    const at = this.state.picking?.at;
    if (!at) return Promise.resolve(false);
    const road = written(form, 'road_code');
    const note = written(form, 'note');
    return this.room.make(
      'road.didClose',
      LAYER,
      { type: 'Point', coordinates: [...at] },
      {
        code: newCode('C', Date.now()),
        status: written(form, 'status') ?? 'closed',
        cause: written(form, 'cause'),
        since: new Date(this.now).toISOString(),
        ...(road ? { road_code: road } : {}),
        ...(road && form.get('whole') !== null ? { whole_road: true } : {}),
        ...(note ? { note } : {}),
      },
    );
  }
}
