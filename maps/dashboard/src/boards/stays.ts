import { html, nothing, type PropertyDeclarations } from 'lit';
import { repeat } from 'lit/directives/repeat.js';
import type { Feature } from '../api/types.ts';
import { dropKept, keepTyped } from '../desk/kept-form.ts';
import { BoardPart, figure, written } from './part.ts';
import { amount, inShelter, moment, sizeOf, staysBy, text } from './rules.ts';

const LAYER = 'shelter_stays';
const PATH = '/shelter-stays';
/** A household is looked for once nobody types. */
const TYPED_MS = 250;

/** Households counted in one place: in, out, counted again, and an entry taken back. */
export class StayList extends BoardPart {
  static override properties: PropertyDeclarations = {
    ...BoardPart.properties,
    place: { attribute: false },
    shelter: { attribute: false },
    name: { attribute: false },
    shut: { type: Boolean },
    found: { state: true },
    again: { state: true },
  };
  declare place: 'shelter' | 'camping' | 'relatives';
  declare shelter: string | null;
  declare name: string;
  /** The shelter is closed: who is there may leave, nobody comes in. */
  declare shut: boolean;
  declare found: readonly Feature[];
  /** The record number that is counted again. */
  declare again: string | null;
  #typing: ReturnType<typeof setTimeout> | null = null;

  constructor() {
    super();
    this.place = 'shelter';
    this.shelter = null;
    this.name = '';
    this.shut = false;
    this.found = [];
    this.again = null;
  }

  protected override render() {
    const { stays: known } = this.told;
    const where = this.shelter === null ? this.place : inShelter(this.shelter);
    const stays = staysBy(known.value ?? []).get(where) ?? [];
    const caption = this.t('stay.title', { name: this.name });
    return html`<div class="stays" aria-busy=${known.loading}>
      <h3 tabindex="-1">${caption}</h3>
      ${this.acts && !this.shut ? this.#comeIn() : nothing}
      ${
        known.problem
          ? html`<p class="problem" role="alert">${known.problem.detail ?? this.t('error.network')}</p>`
          : nothing
      }
      ${
        stays.length === 0
          ? html`<p class="empty">${this.t(known.value ? 'stay.none' : 'board.loading')}</p>`
          : html`<table class="stay-rows">
              <caption class="unseen">${caption}</caption>
              <thead>
                <tr>
                  <th scope="col">${this.t('stay.household')}</th>
                  <th scope="col">${this.t('stay.people')}</th>
                  <th scope="col">${this.t('stay.since')}</th>
                  <th scope="col">${this.t('board.who')}</th>
                  <th scope="col">${this.t('board.note')}</th>
                  ${this.acts ? html`<th scope="col">${this.t('board.do')}</th>` : nothing}
                </tr>
              </thead>
              <tbody>
                ${repeat(
                  stays,
                  ({ id }) => id,
                  (stay) => this.#row(stay),
                )}
              </tbody>
            </table>`
      }
    </div>`;
  }

  get #draft(): string {
    return `stay-in:${this.shelter ?? this.place}`;
  }

  protected override reopen(form: string): boolean {
    this.again = form.slice(form.indexOf(':') + 1);
    return false;
  }

  #row(stay: Feature) {
    const { properties: p, id } = stay;
    const household = text(p, 'household');
    const open = this.again === String(id);
    return html`<tr data-stay=${household}>
        <th scope="row">${household}</th>
        <td class="num"><data value=${text(p, 'people')}>${this.n(amount(p, 'people') ?? 0)}</data></td>
        <td>${this.since(moment(p, 'in_at'))}</td>
        <td>${this.said(this.by(stay))}</td>
        <td>${this.said(text(p, 'note'))}</td>
        ${
          this.acts
            ? html`<td class="acts">
                ${this.step('stay.out', household, () => void this.#step(stay, 'check_out', 'stay.didOut'), 'check_out')}
                ${this.step(
                  'stay.recount',
                  household,
                  () => {
                    this.again = open ? null : String(id);
                  },
                  'recount',
                )}
                ${this.step('stay.undo', household, () => void this.#step(stay, 'undo', 'stay.didUndo'), 'stay-undo')}
              </td>`
            : nothing
        }
      </tr>
      ${open ? html`<tr class="unfolded"><td colspan="6">${this.#recount(stay)}</td></tr>` : nothing}`;
  }

  #comeIn() {
    return html`<form
      class="board-form"
      aria-label=${this.t('stay.in')}
      data-draft=${this.#draft}
      @input=${(event: Event) => keepTyped(event, this.state)}
      @submit=${(event: SubmitEvent) => {
        event.preventDefault();
        if (this.told.busy === null) void this.#in(event.target as HTMLFormElement);
      }}
    >
      <label
        >${this.t('stay.household')}
        <input
          name="household"
          required
          maxlength="100"
          autocomplete="off"
          list="stay-households"
          @input=${(event: Event) => this.#look(event.target as HTMLInputElement)}
        />
        <datalist id="stay-households">
          ${this.found.map(({ properties }) => html`<option value=${text(properties, 'code')}></option>`)}
        </datalist>
      </label>
      <label
        >${this.t('stay.people')}
        <input type="number" name="people" min="0" max="500" required />
      </label>
      <label>${this.t('board.note')} <input name="note" maxlength="500" autocomplete="off" /></label>
      <div class="board-send">
        <button type="submit" class="primary" data-act="check_in" aria-disabled=${this.waits}>
          ${this.t('stay.in')}
        </button>
      </div>
    </form>`;
  }

  /** Looks the household up as its code is typed, and says how many sleep there. */
  #look(input: HTMLInputElement): void {
    if (this.#typing) clearTimeout(this.#typing);
    this.#typing = setTimeout(async () => {
      const typed = input.value.trim();
      if (typed.length < 2) return;
      try {
        this.found = await this.room.api.households(typed, this.state.lang);
      } catch {
        this.found = []; // the server says so when it is sent
      }
      const household = this.found.find(({ properties }) => properties['code'] === typed);
      const people = input.form?.querySelector<HTMLInputElement>('[name="people"]');
      const size = household && sizeOf(household);
      if (people && !people.value && size) people.value = String(size);
    }, TYPED_MS);
  }

  async #in(form: HTMLFormElement): Promise<void> {
    const said = new FormData(form);
    const household = written(said, 'household');
    const note = written(said, 'note');
    const body = {
      household,
      place: this.place,
      ...(this.shelter === null ? {} : { shelter: this.shelter }),
      people: figure(said, 'people') ?? 0,
      ...(note ? { note } : {}),
      ...this.room.by,
    };
    const { lang } = this.state;
    const done = await this.room.act<{ id: number; version: string }>(
      this.t('stay.didIn', { name: household ?? '', place: this.name }),
      [LAYER, 'shelters'],
      () => this.room.api.post(PATH, body, lang),
      ({ id, version }) => this.room.api.undo(`${PATH}/${id}`, version, this.room.by, lang),
    );
    if (!done) return;
    dropKept(this.#draft, this.state);
    form.reset();
    form.querySelector('input')?.focus();
  }

  #recount(stay: Feature) {
    const shut = () => {
      this.again = null;
    };
    return this.form(
      `again:${stay.id}`,
      this.t('stay.recount'),
      'stay.sendRecount',
      html`<label>${this.t('stay.people')}
        <input type="number" name="people" min="0" max="500" required .value=${text(stay.properties, 'people')} />
      </label>`,
      (form) =>
        this.#step(stay, 'recount', 'stay.didRecount', { people: figure(form, 'people') ?? 0 }),
      shut,
    );
  }

  #step(
    stay: Feature,
    action: 'check_out' | 'recount' | 'undo',
    words: 'stay.didOut' | 'stay.didRecount' | 'stay.didUndo',
    more = {},
  ): Promise<boolean> {
    const { lang } = this.state;
    const name = text(stay.properties, 'household');
    return this.room.act(this.t(words, { name }), [LAYER, 'shelters'], () =>
      this.room.api.step(
        LAYER,
        stay,
        `${PATH}/${stay.id}/${action}`,
        { ...more, ...this.room.by },
        lang,
      ),
    );
  }
}
