import { html, nothing, type PropertyDeclarations } from 'lit';
import { repeat } from 'lit/directives/repeat.js';
import type { Feature } from '../api/types.ts';
import type { Draft } from '../desk/draft.ts';
import { LAYER_OF } from './keys.ts';
import { BoardPart, figure, written } from './part.ts';
import {
  amount,
  counted,
  ELSEWHERE,
  type Elsewhere,
  newCode,
  type ShelterRow,
  shelterRows,
  shelterTotals,
  staysBy,
  text,
} from './rules.ts';

const LAYER = LAYER_OF.shelters;
const HAS = ['water', 'power', 'ramp', 'kitchen', 'pets'] as const;
const MARKS = { closed: '○', free: '●', nearly: '▲', full: '■' } as const;
const NEW = 'new';

/** Shelters: opened by a short form, counted by head and by household, and how much room is left. */
export class ShelterBoard extends BoardPart {
  static override properties: PropertyDeclarations = {
    ...BoardPart.properties,
    editing: { state: true },
    heads: { state: true },
  };
  /** The record number whose form is open, or `new`. */
  declare editing: string | null;
  /** The record number that is counted by head. */
  declare heads: string | null;

  constructor() {
    super();
    this.editing = null;
    this.heads = null;
  }

  protected override render() {
    const shelters = this.rows(LAYER);
    if (!shelters) return this.unread(LAYER);
    const stays = staysBy(this.told.stays.value ?? []);
    const rows = shelterRows(shelters, stays);
    const heads = [
      this.t('board.name'),
      this.t('board.state'),
      this.t('board.inside'),
      this.t('board.free'),
      ...(this.#counts ? [this.t('board.byHousehold')] : []),
      this.t('board.has'),
      this.t('board.updated'),
      ...(this.acts ? [this.t('board.do')] : []),
    ];
    return html`
      ${this.trouble(this.desk.boards.problems.get(LAYER))}${this.trouble(this.told.stays.problem)}
      <div class="board-bar">
        ${this.#summary(rows)}
        ${
          this.acts && this.editing !== NEW
            ? html`<button type="button" data-act="new" @click=${() => this.#new()}>
                ${this.t('shelter.new')}
              </button>`
            : nothing
        }
      </div>
      ${this.acts && this.editing === NEW ? this.#form(null) : nothing}
      ${
        rows.length === 0
          ? html`<p class="empty">${this.t('shelter.none')}</p>`
          : this.table(
              this.t('boards.shelters'),
              heads,
              html`${repeat(
                rows,
                ({ feature }) => feature.id,
                (row) => this.#row(row, heads.length),
              )}
              ${this.#counts ? ELSEWHERE.map((place) => this.#elsewhere(place, stays.get(place), heads.length)) : nothing}`,
              this.#foot(rows, heads.length),
            )
      }
    `;
  }

  /** Whether this caller sees headcounts by household. */
  get #counts(): boolean {
    return this.state.me.value?.layers.includes('shelter_stays') ?? false;
  }

  #summary(rows: readonly ShelterRow[]) {
    const { open, free, full } = shelterTotals(rows);
    return html`<p class="board-sum" role="status">
      ${this.t('shelter.sum', { open: this.n(open), all: this.n(rows.length), free: this.n(free) })}
      ${full ? html`<b class="mark" data-state="full">■ ${this.t('shelter.sumFull', { n: this.n(full) })}</b>` : nothing}
    </p>`;
  }

  #row(row: ShelterRow, width: number) {
    const { feature, name, state, inside, capacity, free } = row;
    const id = String(feature.id);
    const p = feature.properties;
    return html`<tr aria-current=${this.current(LAYER, feature)} data-row=${id} data-state=${state}>
        ${this.open(LAYER, feature, name)}
        <td><span class="mark" data-state=${state}><i aria-hidden="true">${MARKS[state]}</i> ${this.t(`shelter.${state}`)}</span></td>
        <td class="num">
          <data value=${inside ?? ''}>${inside === null ? '–' : this.n(inside)}</data>
          ${capacity === null ? nothing : html`<small>${this.t('kpis.of', { n: this.n(capacity) })}</small>`}
        </td>
        <td class="num">${row.open && free !== null ? this.n(free) : html`<span class="none">–</span>`}</td>
        ${
          this.#counts
            ? html`<td>${this.fold(id, this.t('shelter.households', { n: this.n(row.counted.households), people: this.n(row.counted.people) }))}</td>`
            : nothing
        }
        <td class="wrap">${this.#has(feature)}</td>
        <td>
          ${this.when(Date.parse(text(p, 'updated_at')))} ${this.by(feature) ? html`<small>${this.by(feature)}</small>` : nothing}
        </td>
        ${this.acts ? html`<td class="acts">${this.#acts(row)}</td>` : nothing}
      </tr>
      ${this.editing === id ? html`<tr class="unfolded"><td colspan=${width}>${this.#form(row)}</td></tr>` : nothing}
      ${this.heads === id ? html`<tr class="unfolded"><td colspan=${width}>${this.#byHead(row)}</td></tr>` : nothing}
      ${
        this.unfolded === id && this.#counts
          ? html`<tr class="unfolded personal"><td colspan=${width}>
              <muang-stays .app=${this.app} .place=${'shelter'} .shelter=${row.code} .name=${name} ?shut=${!row.open}></muang-stays>
            </td></tr>`
          : nothing
      }`;
  }

  #acts(row: ShelterRow) {
    const id = String(row.feature.id);
    if (!row.open) {
      return this.step(
        'shelter.open',
        row.name,
        () => {
          this.editing = this.editing === id ? null : id;
        },
        'open',
        true,
      );
    }
    return html`${this.step(
      'shelter.heads',
      row.name,
      () => {
        this.heads = this.heads === id ? null : id;
      },
      'heads',
    )}
    ${this.step(
      'shelter.edit',
      row.name,
      () => {
        this.editing = this.editing === id ? null : id;
      },
      'edit',
    )}
    ${this.step(
      'shelter.close',
      row.name,
      () => void this.room.edit('shelter.didClose', LAYER, row.feature, { open: false }),
      'close',
    )}`;
  }

  #elsewhere(place: Elsewhere, stays: readonly Feature[] | undefined, width: number) {
    const { households, people } = counted(stays);
    const name = this.t(`shelter.${place}`);
    return html`<tr data-row=${place} class="elsewhere">
        <th scope="row"><span class="row-name">${name}</span></th>
        <td></td>
        <td class="num"><data value=${people}>${this.n(people)}</data></td>
        <td></td>
        <td>${this.fold(place, this.t('shelter.households', { n: this.n(households), people: this.n(people) }))}</td>
        <td></td>
        <td></td>
        ${this.acts ? html`<td></td>` : nothing}
      </tr>
      ${
        this.unfolded === place
          ? html`<tr class="unfolded personal"><td colspan=${width}>
              <muang-stays .app=${this.app} .place=${place} .shelter=${null} .name=${name}></muang-stays>
            </td></tr>`
          : nothing
      }`;
  }

  #foot(rows: readonly ShelterRow[], width: number) {
    const { inside, capacity, free, open } = shelterTotals(rows);
    const seen = rows.some((row) => row.inside !== null);
    return html`<tr>
      <th scope="row">${this.t('board.total')}</th>
      <td><data data-total="open" value=${open}>${this.n(open)}</data> ${this.t('shelter.openNow')}</td>
      <td class="num">
        ${seen ? html`<data data-total="inside" value=${inside}>${this.n(inside)}</data>` : nothing}
        <small>${this.t('kpis.of', { n: this.n(capacity) })}</small>
      </td>
      <td class="num">${seen ? this.n(free) : nothing}</td>
      <td colspan=${width - 4}></td>
    </tr>`;
  }

  #has({ properties }: Feature) {
    const toilets = amount(properties, 'toilets');
    const there = HAS.filter((what) => properties[what] === true).map((what) =>
      this.t(`shelter.has.${what}`),
    );
    const missing = HAS.filter((what) => properties[what] === false).map((what) =>
      this.t(`shelter.no.${what}`),
    );
    const phone = text(properties, 'phone');
    const words = [
      ...(toilets === null ? [] : [this.t('shelter.toiletsN', { n: this.n(toilets) })]),
      ...there,
      ...missing,
    ];
    return html`${words.join(' · ') || html`<span class="none">–</span>`}
    ${phone ? html`<small>${this.t('shelter.phoneN', { phone })}</small>` : nothing}`;
  }

  protected override reopen(form: string, draft: Draft): boolean {
    const [what, id] = form.split(':');
    if (what === 'heads') this.heads = id ?? null;
    else this.editing = id ?? null;
    if (id === NEW) this.app.store.set({ picking: { at: draft.at } });
    return id === NEW;
  }

  #new(): void {
    this.editing = NEW;
    this.app.store.set({ picking: { at: null } });
  }

  #shut(): void {
    this.editing = null;
    this.heads = null;
    if (this.state.picking) this.app.store.set({ picking: null });
  }

  /** Opening is one short form; what the town's list knows of the place is filled in already. */
  #form(row: ShelterRow | null) {
    const p = row?.feature.properties ?? {};
    const at = this.state.picking?.at;
    const send = !row ? 'shelter.sendNew' : row.open ? 'shelter.sendEdit' : 'shelter.sendOpen';
    return this.form(
      `edit:${row?.feature.id ?? NEW}`,
      this.t(send),
      send,
      html`${
        row
          ? nothing
          : html`<label>${this.t('board.name')} <input name="name" required maxlength="200" autocomplete="off" /></label>`
      }
        <label>${this.t('shelter.capacity')}
          <input type="number" name="capacity" min="1" max="100000" required .value=${text(p, 'capacity')} /></label>
        <label>${this.t('shelter.toilets')}
          <input type="number" name="toilets" min="0" max="1000" .value=${text(p, 'toilets')} /></label>
        <label>${this.t('shelter.phone')}
          <input name="phone" type="tel" maxlength="100" autocomplete="off" .value=${text(p, 'phone')} /></label>
        <fieldset>
          <legend>${this.t('board.has')}</legend>
          ${HAS.map(
            (what) => html`<label class="tick">
              <input type="checkbox" name=${what} .checked=${p[what] === true} /> ${this.t(`shelter.has.${what}`)}
            </label>`,
          )}
        </fieldset>
        ${row ? nothing : this.where(true)}`,
      (form) => this.#send(row, form),
      () => this.#shut(),
      row !== null || Boolean(at),
    );
  }

  #send(row: ShelterRow | null, form: FormData): Promise<boolean> {
    const has = Object.fromEntries(HAS.map((what) => [what, form.get(what) !== null]));
    const values = {
      capacity: figure(form, 'capacity'),
      toilets: figure(form, 'toilets'),
      phone: written(form, 'phone'),
      ...has,
    };
    if (row?.open) return this.room.edit('shelter.didEdit', LAYER, row.feature, values);
    if (row) {
      const opened = { ...values, open: true, occupancy: row.counted.people };
      return this.room.edit('shelter.didOpen', LAYER, row.feature, opened);
    }
    const at = this.state.picking?.at;
    if (!at) return Promise.resolve(false);
    return this.room.make(
      'shelter.didOpen',
      LAYER,
      { type: 'Point', coordinates: [...at] },
      {
        code: newCode('S', Date.now()),
        name: written(form, 'name'),
        ...values,
        open: true,
        occupancy: 0,
      },
    );
  }

  #byHead(row: ShelterRow) {
    return this.form(
      `heads:${row.feature.id}`,
      this.t('shelter.heads'),
      'shelter.sendHeads',
      html`<label>${this.t('shelter.headsOf', { name: row.name })}
        <input type="number" name="occupancy" min="0" max="100000" required .value=${String(row.inside ?? '')} />
      </label>
      <p class="hint">${this.t('shelter.headsHint', { n: this.n(row.counted.people) })}</p>`,
      (form) =>
        this.room.edit('shelter.didHeads', LAYER, row.feature, {
          occupancy: figure(form, 'occupancy'),
        }),
      () => this.#shut(),
    );
  }
}
