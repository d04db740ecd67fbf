import { html, nothing } from 'lit';
import type { Problem } from '../api/problem.ts';
import type { Feature } from '../api/types.ts';
import { identity } from '../app/app.ts';
import type { AppState } from '../app/state.ts';
import { type Draft, draftOf, draftsOf } from '../desk/draft.ts';
import { dropKept, fillKept, keepForm, keepTyped } from '../desk/kept-form.ts';
import { DeskPart } from '../desk/part.ts';
import { clock, dateTime, number, span } from '../format.ts';
import type { MessageKey } from '../i18n/index.ts';
import { bboxOf } from '../map/tiles.ts';
import { nowOf } from '../time/now.ts';
import { icon } from '../ui/icons.ts';
import { move } from '../ui/table.ts';
import { openBoard, readBoard } from './keys.ts';
import type { BoardRoom, RoomState } from './room.ts';

/** Who edits the boards (`layers.model.DESK`). */
const DESK = new Set(['staff', 'coordinator', 'admin']);
/** How long something lasts is told anew this often. */
const TICK_MS = 15_000;
const DAY_MS = 86_400_000;

/** A part of the boards: it draws again when the page or the boards' own state changes. */
export abstract class BoardPart extends DeskPart {
  protected readonly watch = [
    'board',
    'boards',
    'focus',
    'me',
    'at',
    'record',
    'picking',
    'drawing',
    'water',
    'zones',
    'events',
  ] as const satisfies (keyof AppState)[];
  #ticking: ReturnType<typeof setInterval> | null = null;
  #stop: (() => void) | null = null;
  readonly #arrived = new WeakSet<HTMLFormElement>();

  override connectedCallback(): void {
    super.connectedCallback();
    this.#ticking = setInterval(() => this.requestUpdate(), TICK_MS);
    this.#listen();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    if (this.#ticking) clearInterval(this.#ticking);
    this.#stop?.();
    this.#stop = null;
  }

  protected override firstUpdated(): void {
    this.#listen();
    for (const form of draftsOf(this.#who, this.#drafts)) {
      const draft = draftOf(this.#who, this.#drafts + form);
      if (!draft || !this.reopen(form, draft)) continue;
      if (draft.at) this.app.store.set({ picking: { at: draft.at } });
    }
  }

  /** What was chosen on the map for the form that is open. */
  protected get chosen(): Partial<Draft> {
    return { at: this.state.picking?.at ?? null };
  }

  /** Opens the form somebody was writing in when the page began anew; false: it is not this part's. */
  protected reopen(_form: string, _draft: Draft): boolean {
    return false;
  }

  /** On a phone a row is a card: each of its lines says which column it is. */
  protected override updated(): void {
    fillKept(this, this.state);
    const { at, ring } = this.chosen;
    const own = `form[data-draft^="${this.#drafts}"]`;
    for (const form of this.querySelectorAll<HTMLFormElement>(own)) this.#arrive(form);
    // a place chosen on the map is kept as words are
    if (at || ring) {
      for (const form of this.querySelectorAll<HTMLFormElement>(own)) {
        keepForm(form, this.state, this.chosen);
      }
    }
    for (const table of this.querySelectorAll<HTMLTableElement>('.board-rows')) labelled(table);
  }

  protected get room(): BoardRoom {
    // the room defines its elements only once it is there
    return this.desk.room as BoardRoom;
  }

  protected get told(): RoomState {
    return this.room.store.state;
  }

  /** Whether this person may act on the boards now; the past is only looked at. */
  protected get acts(): boolean {
    const { me, at } = this.state;
    return at === null && DESK.has(me.value?.role ?? '');
  }

  /** The clock the town is read by. */
  protected get now(): number {
    return this.state.at ?? nowOf(this.state.me.value);
  }

  /** Records of a layer the desk reads whole: those of the figure chosen, else all. */
  protected rows(layer: string): readonly Feature[] | null {
    const { boards, focus } = this.state;
    const all = boards.get(layer) ?? null;
    if (!all || focus?.layer !== layer) return all;
    return all.filter(({ id }) => focus.ids.includes(Number(id)));
  }

  protected n(value: number): string {
    return number(value, this.state.lang);
  }

  /** Why a list could not be read; what was known of it stays. Asked again by the button. */
  protected trouble(problem: Problem | null | undefined) {
    if (!problem) return nothing;
    const { detail, status } = problem;
    const said = detail ?? this.t(status ? 'error.unexpected' : 'error.network', { status });
    return html`<p class="problem" role="alert" data-list-problem>
      ${icon('warn')} ${this.t('board.notRead')} ${said}
      <button type="button" class="link" @click=${() => this.#retry()}>${this.t('app.retry')}</button>
    </p>`;
  }

  #retry(): void {
    this.desk.boards.load();
    this.room.load();
  }

  /** A board whose rows were never read: still being fetched, or why not. */
  protected unread(layer: string) {
    const problem = this.desk.boards.problems.get(layer);
    return problem
      ? this.trouble(problem)
      : html`<p class="empty" role="status">${this.t('board.loading')}</p>`;
  }

  /** A label of a coded value, in the reader's language. */
  protected label(layer: string, field: string, value: unknown): string {
    if (value === null || value === undefined || value === '') return '';
    const property = this.told.schemas[layer]?.properties[field];
    const labels = property?.['x-enumLabels'] ?? property?.items?.['x-enumLabels'];
    return labels?.[String(value)] ?? String(value);
  }

  /** The values a field may have, with their labels. */
  protected choices(layer: string, field: string): readonly (readonly [string, string])[] {
    return Object.entries(this.told.schemas[layer]?.properties[field]?.['x-enumLabels'] ?? {});
  }

  /** A moment, short: the time today, the day as well before that. */
  protected when(moment: number | null) {
    if (moment === null) return html`<span class="none">–</span>`;
    const { lang } = this.state;
    const near = Math.abs(this.now - moment) < DAY_MS;
    return html`<time datetime=${new Date(moment).toISOString()} title=${dateTime(moment, lang)}
      >${near ? clock(moment, lang) : dateTime(moment, lang)}</time
    >`;
  }

  /** A moment and how long ago that is. */
  protected since(moment: number | null) {
    if (moment === null) return html`<span class="none">–</span>`;
    const age = span((this.now - moment) / 1000, this.state.lang);
    return html`${this.when(moment)} <small>${this.t('board.for', { age })}</small>`;
  }

  protected said(words: string | null) {
    return words ? html`${words}` : html`<span class="none">–</span>`;
  }

  /** Who wrote a record last, where one may know. */
  protected by({ properties }: Feature): string {
    return String(properties['by_name'] ?? properties['updated_by'] ?? '');
  }

  /** The first cell of a row: leads to the map and to the record. */
  protected open(layer: string, row: Feature, words: string, place: Feature = row) {
    return html`<th scope="row">
      <button type="button" class="row-open" @click=${() => this.show(layer, row, place)}>
        ${words}
      </button>
    </th>`;
  }

  protected current(layer: string, row: Feature): 'true' | 'false' {
    const { record } = this.state;
    return record?.layer === layer && record.id === String(row.id) ? 'true' : 'false';
  }

  /** To the map and the record; the board stays where it is. */
  protected show(layer: string, row: Feature, place: Feature = row): void {
    this.app.record.open(layer, String(row.id));
    const box = bboxOf(place.geometry);
    if (box) requestAnimationFrame(() => this.app.map?.flyTo(box));
  }

  /** Folds a row open or shut; the link carries it. */
  protected fold(item: string, words: string, name = '') {
    const open = readBoard(this.state.board)?.item === item;
    return html`<button
      type="button"
      class="chip-button"
      data-fold=${item}
      aria-expanded=${open}
      @click=${() => {
        const key = readBoard(this.state.board)?.key;
        if (key) openBoard(this.app, key, open ? null : item);
      }}
    >
      ${words}${name ? html`<span class="unseen"> ${name}</span>` : nothing}
    </button>`;
  }

  protected get unfolded(): string | null {
    return readBoard(this.state.board)?.item ?? null;
  }

  /** A button waits while something is under way: shut, it would lose the reader's place. */
  protected get waits(): 'true' | typeof nothing {
    return this.told.busy === null ? nothing : 'true';
  }

  /** A step that needs no words of its own. */
  protected step(words: MessageKey, name: string, act: () => void, mark: string, primary = false) {
    return html`<button
      type="button"
      class=${primary ? 'primary' : ''}
      data-act=${mark}
      aria-disabled=${this.waits}
      @click=${() => {
        if (this.told.busy === null) act();
      }}
    >
      ${this.t(words)}<span class="unseen"> ${name}</span>
    </button>`;
  }

  /** The board's table; arrow keys walk the rows. */
  protected table(caption: string, heads: readonly string[], body: unknown, foot?: unknown) {
    return html`<div class="scroll" tabindex="0" role="group" aria-label=${caption}>
      <table class="rows board-rows" @keydown=${move}>
        <caption class="unseen">
          ${caption}
        </caption>
        <thead>
          <tr>
            ${heads.map((head) => html`<th scope="col">${head}</th>`)}
          </tr>
        </thead>
        <tbody>
          ${body}
        </tbody>
        ${foot ? html`<tfoot>${foot}</tfoot>` : nothing}
      </table>
    </div>`;
  }

  /**
   * A form in a row of its own below the row it is about, or above the table. `mark` names it among
   * the forms of its part, so that what is being written outlives a reload; null: it does not.
   */
  protected form(
    mark: string | null,
    label: string,
    send: MessageKey,
    fields: unknown,
    act: (form: FormData) => Promise<boolean>,
    cancel: () => void,
    ready = true,
  ) {
    const draft = mark === null ? '' : this.#drafts + mark;
    const shut = () => {
      dropKept(draft, this.state);
      cancel();
    };
    return html`<form
      class="board-form"
      aria-label=${label}
      data-draft=${draft || nothing}
      @keydown=${(event: KeyboardEvent) => {
        if (event.key === 'Escape') shut();
      }}
      @input=${(event: Event) => keepTyped(event, this.state, this.chosen)}
      @submit=${async (event: SubmitEvent) => {
        event.preventDefault();
        if (this.told.busy !== null) return;
        if (await act(new FormData(event.target as HTMLFormElement))) shut();
      }}
    >
      ${fields}
      <div class="board-send">
        <button type="submit" class="primary" ?disabled=${!ready} aria-disabled=${this.waits}>
          ${this.t(send)}
        </button>
        <button type="button" @click=${shut}>${this.t('board.cancel')}</button>
      </div>
    </form>`;
  }

  /** Takes a record's last step back; a reason may be given. */
  protected back(
    mark: string,
    label: string,
    act: (reason: string | null) => Promise<boolean>,
    cancel: () => void,
  ) {
    return this.form(
      mark,
      label,
      'board.sendBack',
      html`<p class="hint">${label}</p>
        <label class="wide">${this.t('board.backWhy')}
          <input name="reason" maxlength="500" autocomplete="off" /></label>`,
      (form) => act(written(form, 'reason')),
      cancel,
    );
  }

  /** Where a new record is: chosen by a click, by Enter on the map, or its middle. */
  protected where(required: boolean) {
    const at = this.state.picking?.at;
    return html`<p class="board-where" role="status">
      ${
        at
          ? this.t('board.at', { lat: at[1].toFixed(5), lng: at[0].toFixed(5) })
          : this.t(required ? 'board.where' : 'board.whereMaybe')
      }
      ${
        this.app.map
          ? html`<button
              type="button"
              class="link"
              @click=${() => {
                const centre = this.app.map?.centre();
                if (centre) this.app.store.set({ picking: { at: centre } });
              }}
            >
              ${this.t('board.centre')}
            </button>`
          : nothing
      }
    </p>`;
  }

  /** A form that was just asked for is where the reader goes on, and comes into sight. */
  #arrive(form: HTMLFormElement): void {
    if (this.#arrived.has(form)) return;
    this.#arrived.add(form);
    // at the start of the page nobody has asked for it just now
    if (document.activeElement === document.body) return;
    form
      .querySelector<HTMLElement>(':is(input:not([type="hidden"]), select, textarea)')
      ?.focus({ preventScroll: true });
    form.scrollIntoView({ block: 'nearest' });
  }

  get #who(): string {
    return identity(this.state.me.value);
  }

  get #drafts(): string {
    return `${this.localName}:`;
  }

  #listen(): void {
    const room = this.app?.desk ? this.room : null;
    if (!room || this.#stop) return;
    this.#stop = room.store.subscribe(() => this.requestUpdate());
  }
}

/** Says of each cell which column it stands in. */
function labelled({ tHead, tBodies }: HTMLTableElement): void {
  const heads = [...(tHead?.rows[0]?.cells ?? [])].map(({ textContent }) => textContent.trim());
  const rows = [...(tBodies[0]?.rows ?? [])].filter((row) => !row.classList.contains('unfolded'));
  for (const cell of rows.flatMap((row) => [...row.cells])) {
    const label = cell.tagName === 'TD' ? heads[cell.cellIndex] : '';
    if (label && cell.dataset['label'] !== label) cell.dataset['label'] = label;
  }
}

/** A form's text, trimmed; null where nothing was written. */
export function written(form: FormData, name: string): string | null {
  return String(form.get(name) ?? '').trim() || null;
}

/** A form's number; null where nothing was written. */
export function figure(form: FormData, name: string): number | null {
  const text = written(form, name);
  return text === null || Number.isNaN(Number(text)) ? null : Number(text);
}
