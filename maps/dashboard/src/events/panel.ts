import { html, nothing, type PropertyDeclarations } from 'lit';
import { createRef, type Ref, ref } from 'lit/directives/ref.js';
import './events.css';
import { identity } from '../app/app.ts';
import type { AppState } from '../app/state.ts';
import { draftsOf } from '../desk/draft.ts';
import { COMMAND } from '../desk/event.ts';
import { dropKept, fillKept, keepTyped } from '../desk/kept-form.ts';
import { DeskPart } from '../desk/part.ts';
import { dateTime } from '../format.ts';
import { events as en } from '../i18n/events.en.ts';
import { events as th } from '../i18n/events.th.ts';
import { addWords } from '../i18n/index.ts';
import { icon } from '../ui/icons.ts';
import { currentEvent, eventOf } from './desk.ts';
import { chosen, fields, opening, paperOf, signing } from './forms.ts';
import { byYear, lineValue, wordOf } from './story.ts';
import { EventLog } from './story-view.ts';
import { type EventView, LINES, type Line, type TownEvent, VALUES } from './types.ts';

/** Brings the panel to the page: its words and its elements. */
export function openEvents(): void {
  if (customElements.get('muang-event')) return;
  addWords({ th, en });
  customElements.define('muang-event-log', EventLog);
  customElements.define('muang-event', EventPanel);
}

type Doing = 'close' | 'reopen' | 'note' | 'another' | Line;

/** What has been announced, by whom and on what paper; and the story as it happened. */
class EventPanel extends DeskPart {
  static override properties: PropertyDeclarations = {
    ...DeskPart.properties,
    doing: { state: true },
    busy: { state: true },
    problem: { state: true },
    moment: { state: true },
  };
  /** The one form that is open. */
  declare doing: Doing | null;
  declare busy: boolean;
  declare problem: string;
  /** When the paper being recorded was signed, as it is being typed. */
  declare moment: string;
  protected readonly watch = [
    'events',
    'eventSettings',
    'event',
    'me',
  ] as const satisfies (keyof AppState)[];
  readonly #dialog: Ref<HTMLDialogElement> = createRef();
  /** Whether what was being written about this event has been looked for. */
  #looked = false;

  constructor() {
    super();
    this.doing = null;
    this.busy = false;
    this.problem = '';
    this.moment = '';
  }

  protected override stateChanged(now: AppState, before: AppState): void {
    if (now.event?.id === before.event?.id) return;
    this.doing = null;
    this.problem = '';
    this.moment = '';
    this.#looked = false;
  }

  #draft(doing: Doing): string {
    const { event: view, events } = this.state;
    const event = view && eventOf(events.value, view);
    return `event:${event?.id ?? 'new'}:${doing}`;
  }

  protected override updated(): void {
    this.#again();
    fillKept(this, this.state);
    const dialog = this.#dialog.value;
    if (dialog && !dialog.open) {
      dialog.showModal();
      dialog.querySelector<HTMLElement>('#event-title')?.focus();
    }
  }

  /** The form somebody was writing in when the page began anew is open again. */
  #again(): void {
    const { event: view, events } = this.state;
    const event = view && eventOf(events.value, view);
    if (this.#looked || !event) return;
    this.#looked = true;
    const [doing] = draftsOf(identity(this.state.me.value), `event:${event.id}:`);
    if (doing && this.doing === null) this.doing = doing as Doing;
  }

  /** Another form, or none: what was written in the one before is given up. */
  #do(doing: Doing | null): void {
    if (this.doing !== null) dropKept(this.#draft(this.doing), this.state);
    this.doing = doing;
    this.problem = '';
    this.moment = '';
  }

  protected override render() {
    const { event: view, events, me } = this.state;
    if (!view) return nothing;
    const event = eventOf(events.value, view);
    const command = COMMAND.has(me.value?.role ?? '');
    return html`<dialog class="event" aria-labelledby="event-title"
      @close=${() => this.#closed()} ${ref(this.#dialog)}>
      <div class="card-head">
        <div>
          <p class="kicker">${this.t('event.kicker')}</p>
          <h2 id="event-title" tabindex="-1">${event?.name ?? this.t('event.quiet')}</h2>
          ${event ? this.#about(event) : nothing}
        </div>
        <button type="button" class="plain" aria-label=${this.t('event.close')} title=${this.t('event.close')}
          @click=${() => this.#dialog.value?.close()}>${icon('close')}</button>
      </div>
      ${events.problem ? html`<p class="problem" role="alert">${icon('warn')} ${events.problem.detail ?? this.t('error.network')}</p>` : nothing}
      ${command ? html`<muang-acting .app=${this.app}></muang-acting>` : nothing}
      ${event ? this.#body(event, command) : this.#quiet(view, command)} ${this.#all(event, command)}
    </dialog>`;
  }

  /** The browser gives the place back to where it was; what a link opened was opened by nobody. */
  #closed(): void {
    this.desk.events.show(null);
    if (document.activeElement === document.body) {
      document.querySelector<HTMLElement>('.flag')?.focus();
    }
  }

  #body(event: TownEvent, command: boolean) {
    const may = command && event.state === 'open';
    return html`${this.#lines(event, may)} ${command ? this.#acts(event) : nothing}
      <muang-event-log .app=${this.app} .event=${event} ?command=${may}></muang-event-log>`;
  }

  /** No event is open, or none has the number of the link. */
  #quiet({ id }: EventView, command: boolean) {
    if (!this.state.events.value) return nothing;
    if (id !== null) return html`<p class="empty">${this.t('event.gone')}</p>`;
    return command ? this.#opening() : html`<p class="empty">${this.t('event.none')}</p>`;
  }

  /** Open or closed, since when, and whether it is real. */
  #about({ state, kind, exercise, opened_at, closed_at }: TownEvent) {
    const { lang } = this.state;
    return html`<p class="event-about">
      <b class="event-state" data-state=${state}>${this.t(`event.state.${state}`)}</b>
      ${exercise ? html`<b class="event-state" data-exercise>${this.t('event.anExercise')}</b>` : nothing}
      <span>${this.#kind(kind)}</span>
      ${
        opened_at
          ? html`<span>${
              closed_at
                ? this.t('event.period', {
                    from: dateTime(opened_at, lang),
                    to: dateTime(closed_at, lang),
                  })
                : this.t('event.since', { time: dateTime(opened_at, lang) })
            }</span>`
          : nothing
      }
    </p>`;
  }

  #kind(kind: string): string {
    return this.t(`event.kind.${kind}` as 'event.kind.flood');
  }

  #lines(event: TownEvent, may: boolean) {
    const inside = this.state.me.value?.layers.includes('event_log');
    return html`<ul class="lines" aria-label=${this.t('event.lines')}>
        ${LINES.map((line) => this.#line(event, line, may))}
      </ul>
      ${inside ? nothing : html`<p class="paper">${this.t('event.inside')}</p>`}`;
  }

  #line(event: TownEvent, line: Line, may: boolean) {
    const { lang } = this.state;
    const standing = event.lines?.[line];
    const value = lineValue(event, line);
    const meaning = line === 'flag' && value !== null ? this.#meaning(value) : null;
    const open = may && this.doing === line;
    return html`<li data-line=${line} ?data-said=${value !== null}>
      <h3>${this.t(`event.line.${line}`)}</h3>
      <div>
        <b>${value === null ? this.t('event.notSaid') : this.#value(line, value)}</b>
        ${meaning ? html`<span>${meaning}</span>` : nothing}
        ${
          standing
            ? html`<p class="paper">${paperOf(this.app, standing).join(' · ')}</p>
              <p class="paper">${this.t('event.at', { time: dateTime(standing.at, lang) })}</p>`
            : nothing
        }
        ${standing?.note ? html`<q class="paper">${standing.note}</q>` : nothing}
      </div>
      ${
        may
          ? html`<button type="button" class="link" aria-expanded=${open}
              @click=${() => this.#do(open ? null : line)}>
              ${this.t('event.change')}<span class="unseen"> ${this.t(`event.line.${line}`)}</span>
            </button>`
          : nothing
      }
      ${open ? this.#announcing(event, line) : nothing}
    </li>`;
  }

  #announcing(event: TownEvent, line: Line) {
    const { lang, eventSettings } = this.state;
    const values =
      line === 'flag'
        ? (eventSettings?.flags ?? []).map((word) => [word.code, wordOf(word, lang)] as const)
        : VALUES[line].map((value) => [value, this.#value(line, value)] as const);
    return this.#form(
      'event.announce',
      (form) => this.desk.events.announce(event, line, chosen(form, 'value'), fields(form)),
      html`<label>${this.t(`event.line.${line}`)}
        <select name="value" required>${values.map(([value, label]) => html`<option value=${value} ?selected=${value === event[line]}>${label}</option>`)}</select>
      </label>${this.#sign({ required: true, paper: true })}`,
    );
  }

  #value(line: Line, value: string): string {
    if (line === 'flag') {
      const flag = this.state.eventSettings?.flags.find(({ code }) => code === value);
      return flag ? wordOf(flag, this.state.lang) : value;
    }
    if (line === 'ddpm_level' && value !== 'ended') return this.t('event.level', { n: value });
    return this.t(`event.value.${value}` as 'event.value.open');
  }

  /** What the town says a flag means. */
  #meaning(code: string): string | null {
    const flag = this.state.eventSettings?.flags.find((each) => each.code === code);
    const { lang } = this.state;
    return (lang === 'th' ? flag?.meaning_th : (flag?.meaning_en ?? flag?.meaning_th)) ?? null;
  }

  #sign(asked: { readonly required: boolean; readonly paper?: boolean }) {
    return signing(this.app, asked, this.moment, (moment) => {
      this.moment = moment;
    });
  }

  /** What else is done with the whole event, each behind its own heading. */
  #acts(event: TownEvent) {
    const other = currentEvent(this.state);
    const { events } = this.desk;
    const open = event.state === 'open';
    return html`<div class="event-acts">
      ${this.#act(
        'note',
        'event.note',
        this.#form(
          'event.noteIt',
          (form) => events.note(event, fields(form)),
          html`<label class="wide">${this.t('event.words')} <textarea name="note" required rows="2" maxlength="4000"></textarea></label>`,
        ),
      )}
      ${
        open
          ? this.#act(
              'close',
              'event.end',
              this.#form(
                'event.endIt',
                (form) => events.close(event, fields(form)),
                html`<p class="wide">${this.t('event.endHelp')}</p>${this.#sign({ required: true })}`,
              ),
            )
          : this.#act(
              'reopen',
              'event.reopen',
              other
                ? html`<p class="empty">${this.t('event.otherOpen', { name: other.name })}</p>`
                : this.#form(
                    'event.reopenIt',
                    (form) => events.reopen(event, fields(form)),
                    html`<p class="wide">${this.t('event.reopenHelp')}</p>${this.#sign({ required: true })}`,
                  ),
            )
      }
    </div>`;
  }

  #act(doing: Doing, label: 'event.note' | 'event.end' | 'event.reopen', form: unknown) {
    const open = this.doing === doing;
    return html`<button type="button" class="chip-button" data-act=${doing} aria-expanded=${open}
        @click=${() => this.#do(open ? null : doing)}>${this.t(label)}</button>
      ${open ? html`<div class="act-open">${form}</div>` : nothing}`;
  }

  #opening() {
    return html`<h3>${this.t('event.open')}</h3>
      ${this.#form(
        'event.openIt',
        (form) =>
          this.desk.events.open(
            chosen(form, 'name'),
            chosen(form, 'kind'),
            form.get('exercise') !== null,
            fields(form),
          ),
        html`${opening(this.app)}${this.#sign({ required: false })}
          <label class="tick"><input type="checkbox" name="exercise" /> ${this.t('event.exercise')}</label>`,
      )}`;
  }

  /** Every event of the town by year, the closed ones to be read again. */
  #all(read: TownEvent | null, command: boolean) {
    const { lang } = this.state;
    const events = this.state.events.value ?? [];
    if (events.length === 0 || (events.length === 1 && read)) return nothing;
    return html`<details class="event-all" ?open=${read === null}>
      <summary>${this.t('event.all', { n: events.length })}</summary>
      ${
        read && command && !currentEvent(this.state)
          ? html`<button type="button" class="chip-button" @click=${() => this.#choose(null)}>${this.t('event.another')}</button>`
          : nothing
      }
      ${byYear(events, lang).map(
        ({ year, events: of }) => html`<h3>${this.t('event.year', { year })}</h3>
          <ul>
            ${of.map(
              (event) => html`<li data-event=${event.id}>
                <button type="button" class="link" aria-current=${event.id === read?.id ? 'true' : 'false'}
                  @click=${() => this.#choose(event)}>${event.name}</button>
                ${this.#about(event)}
              </li>`,
            )}
          </ul>`,
      )}
    </details>`;
  }

  #choose(event: TownEvent | null): void {
    this.desk.events.show({ id: event?.state === 'closed' ? event.id : null, kind: null });
    const dialog = this.#dialog.value;
    dialog?.scrollTo({ top: 0 });
    dialog?.querySelector<HTMLElement>('#event-title')?.focus();
  }

  #form(
    send: 'event.announce' | 'event.openIt' | 'event.endIt' | 'event.reopenIt' | 'event.noteIt',
    act: (form: FormData) => Promise<string | null>,
    inside: unknown,
  ) {
    const draft = this.#draft(this.doing ?? 'another');
    return html`<form class="event-form" data-draft=${draft}
      @input=${(event: Event) => keepTyped(event, this.state)}
      @submit=${async (event: SubmitEvent) => {
        event.preventDefault();
        if (this.busy) return;
        const form = event.target as HTMLFormElement;
        this.busy = true;
        const problem = await act(new FormData(form));
        this.busy = false;
        if (problem === null) {
          dropKept(draft, this.state);
          form.reset();
          this.#do(null);
        } else this.problem = problem;
      }}>
      ${inside}
      <button type="submit" class="primary" aria-disabled=${this.busy}>${this.t(send)}</button>
      ${this.problem ? html`<p class="problem wide" role="alert">${icon('warn')} ${this.problem}</p>` : nothing}
    </form>`;
  }
}
