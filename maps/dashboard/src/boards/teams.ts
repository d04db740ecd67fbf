import { html, nothing, type PropertyDeclarations } from 'lit';
import { repeat } from 'lit/directives/repeat.js';
import type { Feature } from '../api/types.ts';
import { span } from '../format.ts';
import { LAYER_OF } from './keys.ts';
import { BoardPart, figure, written } from './part.ts';
import { amount, moment, overdue, teamRows, teamTotals, text } from './rules.ts';

const LAYER = LAYER_OF.teams;
const MARKS: Readonly<Record<string, string>> = { ready: '●', out: '▶', failed: '■' };
/** Hours a boat may be sent out for; the first is offered. */
const HOURS = [2, 1, 4, 8, 12] as const;
const HOUR_MS = 3_600_000;
type Act = 'check_out' | 'check_in' | 'fail' | 'back';

/** Boats, vehicles and their crews: where each is, who has it, since when, and whether it is late. */
export class TeamBoard extends BoardPart {
  static override properties: PropertyDeclarations = {
    ...BoardPart.properties,
    asked: { state: true },
  };
  /** The step whose form is open, and of which record. */
  declare asked: { readonly id: string; readonly act: Act } | null;

  constructor() {
    super();
    this.asked = null;
  }

  protected override render() {
    const teams = this.rows(LAYER);
    if (!teams) return this.unread(LAYER);
    const totals = teamTotals(teams, this.now);
    const heads = [
      this.t('board.name'),
      this.t('board.state'),
      this.t('team.crew'),
      this.t('team.outSince'),
      this.t('team.due'),
      this.t('team.holds'),
      this.t('board.who'),
      this.t('board.note'),
      ...(this.acts ? [this.t('board.do')] : []),
    ];
    return html`
      ${this.trouble(this.desk.boards.problems.get(LAYER))}
      <p class="board-sum" role="status">
        ${this.t('team.sum', { ready: this.n(totals.ready), out: this.n(totals.out), failed: this.n(totals.failed) })}
        ${totals.overdue ? html`<b class="mark" data-state="overdue">▲ ${this.t('team.sumLate', { n: this.n(totals.overdue) })}</b>` : nothing}
      </p>
      ${
        teams.length === 0
          ? html`<p class="empty">${this.t('team.none')}</p>`
          : this.table(
              this.t('boards.teams'),
              heads,
              repeat(
                teamRows(teams, this.now),
                ({ id }) => id,
                (row) => this.#row(row, heads.length),
              ),
            )
      }
    `;
  }

  #row(row: Feature, width: number) {
    const { properties: p } = row;
    const id = String(row.id);
    const status = text(p, 'status');
    const name = text(p, 'name') || text(p, 'code');
    const late = overdue(row, this.now);
    const due = moment(p, 'due_at');
    const holds = [
      amount(p, 'places') === null
        ? ''
        : this.t('team.seats', { n: this.n(amount(p, 'places') ?? 0) }),
      amount(p, 'stretchers')
        ? this.t('team.lying', { n: this.n(amount(p, 'stretchers') ?? 0) })
        : '',
    ].filter(Boolean);
    return html`<tr aria-current=${this.current(LAYER, row)} data-row=${id} data-state=${late ? 'overdue' : status}>
        ${this.open(LAYER, row, name)}
        <td><span class="mark" data-state=${status}><i aria-hidden="true">${MARKS[status] ?? ''}</i> ${this.label(LAYER, 'status', status)}</span></td>
        <td>${this.said(text(p, 'crew'))}</td>
        <td>${status === 'out' ? this.since(moment(p, 'out_at')) : html`<span class="none">–</span>`}</td>
        <td>
          ${this.when(due)}
          ${late && due !== null ? html`<b class="mark" data-state="overdue">▲ ${this.t('team.late', { age: span((this.now - due) / 1000, this.state.lang) })}</b>` : nothing}
        </td>
        <td>${this.label(LAYER, 'vehicle', p['vehicle'])} ${holds.length ? html`<small>${holds.join(' · ')}</small>` : nothing}</td>
        <td>${this.said(this.by(row))}</td>
        <td class="wrap">${this.said(text(p, 'note'))}</td>
        ${this.acts ? html`<td class="acts">${this.#acts(row, status, name)}</td>` : nothing}
      </tr>
      ${this.asked?.id === id ? html`<tr class="unfolded"><td colspan=${width}>${this.#form(row, this.asked.act, name)}</td></tr>` : nothing}`;
  }

  #acts(row: Feature, status: string, name: string) {
    return html`${status === 'ready' ? this.step('team.out', name, () => this.#ask(row, 'check_out'), 'check_out', true) : nothing}
    ${status === 'ready' ? nothing : this.step('team.in', name, () => this.#ask(row, 'check_in'), 'check_in', status === 'out')}
    ${status === 'failed' ? nothing : this.step('team.fail', name, () => this.#ask(row, 'fail'), 'fail')}
    ${text(row.properties, 'by_name') ? this.step('board.back', name, () => this.#ask(row, 'back'), 'back') : nothing}`;
  }

  protected override reopen(form: string): boolean {
    const [act, id] = form.split(':');
    this.asked = { id: id ?? '', act: act as Act };
    return true;
  }

  #ask(row: Feature, act: Act): void {
    this.asked = { id: String(row.id), act };
    // where it goes or stands may be chosen on the map, and need not be
    this.app.store.set({ picking: act === 'back' ? null : { at: null } });
  }

  #shut(): void {
    this.asked = null;
    this.app.store.set({ picking: null });
  }

  #form(row: Feature, act: Act, name: string) {
    if (act === 'back') return this.#backing(row, name);
    const out = act === 'check_out';
    return this.form(
      `${act}:${row.id}`,
      `${this.t(`team.${act === 'check_out' ? 'out' : act === 'check_in' ? 'in' : 'fail'}`)} ${name}`,
      `team.send.${act}`,
      html`${
        out
          ? html`<label>${this.t('team.crew')}
                <input name="crew" required maxlength="100" autocomplete="off" .value=${text(row.properties, 'crew')} /></label>
              <label>${this.t('team.for')}
                <select name="hours">
                  ${HOURS.map((n) => html`<option value=${n} ?selected=${n === HOURS[0]}>${this.t('team.hours', { n })}</option>`)}
                  <option value="">${this.t('team.open')}</option>
                </select></label>`
          : nothing
      }
        <label>${this.t('board.note')} <input name="note" maxlength="500" autocomplete="off" /></label>
        ${this.where(false)}`,
      (form) => this.#send(row, act, name, form),
      () => this.#shut(),
    );
  }

  #backing(row: Feature, name: string) {
    const label = this.t('team.backOf', {
      name,
      state: this.label(LAYER, 'status', text(row.properties, 'status')),
    });
    return this.back(
      `back:${row.id}`,
      label,
      (note) => this.#undo(row, name, note),
      () => this.#shut(),
    );
  }

  #undo(row: Feature, name: string, note: string | null): Promise<boolean> {
    const body = { ...(note ? { note } : {}), ...this.room.by };
    const path = `/resources/${row.id}/undo`;
    return this.room.act(this.t('board.undone', { words: name }), [LAYER], () =>
      this.room.api.step(LAYER, row, path, body, this.state.lang),
    );
  }

  #send(row: Feature, act: Exclude<Act, 'back'>, name: string, form: FormData): Promise<boolean> {
    const { lang, picking } = this.state;
    const hours = figure(form, 'hours');
    const crew = written(form, 'crew');
    const note = written(form, 'note');
    const body = {
      ...(crew ? { crew } : {}),
      ...(note ? { note } : {}),
      ...(picking?.at ? { at: picking.at } : {}),
      ...(hours === null ? {} : { due_at: new Date(this.now + hours * HOUR_MS).toISOString() }),
      ...this.room.by,
    };
    const path = `/resources/${row.id}`;
    return this.room.act(
      this.t(`team.did.${act}`, { name }),
      [LAYER],
      () => this.room.api.step(LAYER, row, `${path}/${act}`, body, lang),
      ({ version }) => this.room.api.undo(path, version, this.room.by, lang),
    );
  }
}
