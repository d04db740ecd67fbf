import { html, nothing, type PropertyDeclarations } from 'lit';
import { createRef, type Ref, ref } from 'lit/directives/ref.js';
import type { AppState } from '../app/state.ts';
import { currentEvent } from '../events/desk.ts';
import { LINES, type Line, type Signed, type TownEvent, type TownWord } from '../events/types.ts';
import { dateTime } from '../format.ts';
import { icon } from '../ui/icons.ts';
import { DeskPart } from './part.ts';

/** Who opens events and records what was announced. */
const COMMAND = new Set(['coordinator', 'admin']);
const KINDS = ['flood', 'flash_flood', 'storm', 'tide', 'other'] as const;
const VALUES: Readonly<Record<Exclude<Line, 'flag'>, readonly string[]>> = {
  eoc: ['open', 'closed'],
  evacuation_advice: ['in_force', 'ended'],
  evacuation_order: ['in_force', 'ended'],
  ddpm_level: ['1', '2', '3', '4', 'ended'],
  disaster_area: ['in_force', 'ended'],
  relief_zone: ['in_force', 'ended'],
};

/** The flag in the header: what the town itself has said, and the way to all that was announced. */
export class Flag extends DeskPart {
  protected readonly watch = [
    'events',
    'eventSettings',
    'me',
  ] as const satisfies (keyof AppState)[];

  protected override render() {
    const { events, me } = this.state;
    if (!events.value) return nothing;
    const event = currentEvent(this.state);
    const command = COMMAND.has(me.value?.role ?? '');
    if (!event && !command && events.value.length === 0) return nothing;
    const flag = this.#word(event);
    return html`<button type="button" class="flag" ?data-flying=${flag !== null} @click=${() => this.desk.events.show(true)}>
      ${
        flag
          ? html`<svg class="flag-sign" viewBox="0 0 20 20" width="20" height="20" aria-hidden="true">
              <path d="M4 2v17" /><path d="M4.8 3h12l-3 4 3 4h-12z" fill=${flag.color ?? '#90a4ae'} />
            </svg>`
          : icon('flag')
      }
      <span class="flag-words">
        <b>${flag ? this.#say(flag) : event ? this.t('event.noFlag') : this.t('event.quiet')}</b>
        ${event ? html`<small>${event.name}</small>` : nothing}
      </span>
    </button>`;
  }

  #word(event: TownEvent | null): TownWord | null {
    const flags = this.state.eventSettings?.flags ?? [];
    return flags.find(({ code }) => code === event?.flag) ?? null;
  }

  #say({ word_th, word_en }: TownWord): string {
    return this.state.lang === 'th' ? word_th : (word_en ?? word_th);
  }
}

/** What has been announced, by whom and on what paper; and the story as it happened. */
export class EventPanel extends DeskPart {
  static override properties: PropertyDeclarations = {
    ...DeskPart.properties,
    line: { state: true },
    busy: { state: true },
  };
  /** The line being announced. */
  declare line: Line | null;
  declare busy: boolean;
  protected readonly watch = [
    'events',
    'eventSettings',
    'eventLog',
    'eventPanel',
    'me',
  ] as const satisfies (keyof AppState)[];
  readonly #dialog: Ref<HTMLDialogElement> = createRef();

  constructor() {
    super();
    this.line = null;
    this.busy = false;
  }

  protected override updated(): void {
    const dialog = this.#dialog.value;
    if (this.state.eventPanel && dialog && !dialog.open) dialog.showModal();
    if (!this.state.eventPanel && dialog?.open) dialog.close();
  }

  protected override render() {
    const { eventPanel, me } = this.state;
    if (!eventPanel) return nothing;
    const event = currentEvent(this.state);
    const command = COMMAND.has(me.value?.role ?? '');
    return html`<dialog class="event" aria-labelledby="event-title" @close=${() => this.desk.events.show(false)} ${ref(this.#dialog)}>
      <div class="card-head">
        <div>
          <p class="kicker">${this.t('event.kicker')}</p>
          <h2 id="event-title" tabindex="-1">${event?.name ?? this.t('event.quiet')}</h2>
          ${
            event?.opened_at
              ? html`<p class="kicker">${this.t('event.since', { time: dateTime(event.opened_at, this.state.lang) })}</p>`
              : nothing
          }
        </div>
        <button type="button" class="plain" aria-label=${this.t('event.close')} title=${this.t('event.close')}
          @click=${() => this.desk.events.show(false)}>${icon('close')}</button>
      </div>
      ${event ? this.#lines(event, command) : command ? this.#opening() : html`<p class="empty">${this.t('event.none')}</p>`}
      ${event && command ? this.#closing(event) : nothing} ${this.#story()}
    </dialog>`;
  }

  #lines(event: TownEvent, command: boolean) {
    return html`<table class="lines">
      <caption class="unseen">${this.t('event.lines')}</caption>
      <tbody>
        ${LINES.map((line) => {
          const standing = event.lines?.[line];
          const { lang } = this.state;
          const paper = [
            standing?.signer,
            standing?.seat,
            standing?.document_no && this.t('event.paper', { no: standing.document_no }),
            standing && dateTime(standing.at, lang),
          ].filter(Boolean);
          return html`<tr data-line=${line}>
            <th scope="row">${this.t(`event.line.${line}`)}</th>
            <td>
              <b>${standing?.said ?? this.t('event.notSaid')}</b>
              ${paper.length ? html`<span class="paper">${paper.join(' · ')}</span>` : nothing}
            </td>
            <td>
              ${
                command
                  ? html`<button type="button" class="link" aria-expanded=${this.line === line}
                      @click=${() => {
                        this.line = this.line === line ? null : line;
                      }}>
                      ${this.t('event.change')}<span class="unseen"> ${this.t(`event.line.${line}`)}</span>
                    </button>`
                  : nothing
              }
            </td>
          </tr>
          ${this.line === line ? html`<tr><td colspan="3">${this.#announcing(event, line)}</td></tr>` : nothing}`;
        })}
      </tbody>
    </table>`;
  }

  #announcing(event: TownEvent, line: Line) {
    const { lang, eventSettings } = this.state;
    const values =
      line === 'flag'
        ? (eventSettings?.flags ?? []).map(
            ({ code, word_th, word_en }) =>
              [code, lang === 'th' ? word_th : (word_en ?? word_th)] as const,
          )
        : VALUES[line].map((value) => [value, this.#value(line, value)] as const);
    return this.#form(
      'event.announce',
      (form) =>
        this.desk.events
          .announce(event, line, String(form.get('value')), signedOf(form))
          .then((done) => {
            if (done) this.line = null;
            return done;
          }),
      html`<label>${this.t(`event.line.${line}`)}
        <select name="value" required>${values.map(([value, label]) => html`<option value=${value}>${label}</option>`)}</select>
      </label>${this.#signing(true)}`,
    );
  }

  #value(line: Exclude<Line, 'flag'>, value: string): string {
    if (line === 'ddpm_level' && value !== 'ended') return this.t('event.level', { n: value });
    return this.t(`event.value.${value}` as 'event.value.open');
  }

  #signing(required: boolean) {
    const { lang, eventSettings } = this.state;
    return html`<label>${this.t('event.signer')} <input name="signer" ?required=${required} maxlength="500" autocomplete="off" /></label>
      <label>${this.t('event.seat')} <input name="seat" list="seats" maxlength="500" autocomplete="off" />
        <datalist id="seats">${(eventSettings?.seats ?? []).map(({ word_th, word_en }) => html`<option value=${lang === 'th' ? word_th : (word_en ?? word_th)}></option>`)}</datalist>
      </label>
      <label>${this.t('event.document')} <input name="document_no" maxlength="500" autocomplete="off" /></label>`;
  }

  #opening() {
    return html`<h3>${this.t('event.open')}</h3>
      ${this.#form(
        'event.openIt',
        (form) =>
          this.desk.events.open(
            String(form.get('name')),
            String(form.get('kind')),
            form.get('exercise') !== null,
            signedOf(form),
          ),
        html`<label>${this.t('event.name')} <input name="name" required maxlength="500" autocomplete="off" /></label>
        <label>${this.t('event.kind')}
          <select name="kind">${KINDS.map((kind) => html`<option value=${kind}>${this.t(`event.kind.${kind}`)}</option>`)}</select>
        </label>
        ${this.#signing(false)}
        <label class="tick"><input type="checkbox" name="exercise" /> ${this.t('event.exercise')}</label>`,
      )}`;
  }

  #closing(event: TownEvent) {
    return html`<details class="closing">
      <summary>${this.t('event.end')}</summary>
      ${this.#form('event.endIt', (form) => this.desk.events.close(event, signedOf(form)), this.#signing(true))}
    </details>`;
  }

  #form(
    send: 'event.announce' | 'event.openIt' | 'event.endIt',
    act: (form: FormData) => Promise<boolean>,
    fields: unknown,
  ) {
    return html`<form class="event-form" @submit=${async (event: SubmitEvent) => {
      event.preventDefault();
      const form = event.target as HTMLFormElement;
      this.busy = true;
      const done = await act(new FormData(form));
      this.busy = false;
      if (done) form.reset();
    }}>
      ${fields}
      <button type="submit" class="primary" ?disabled=${this.busy}>${this.t(send)}</button>
    </form>`;
  }

  #story() {
    const { eventLog, lang, events } = this.state;
    const event = currentEvent(this.state) ?? events.value?.[0];
    if (!this.state.me.value?.layers.includes('event_log') || !event) return nothing;
    return html`<div class="part-head">
        <h3>${this.t('event.story', { name: event.name })}</h3>
        <a class="button" href="/events/${event.id}/log.csv?lang=${lang}" download>${icon('download')} CSV</a>
      </div>
      ${
        eventLog.length
          ? html`<ol class="story" reversed>
              ${[...eventLog].reverse().map(
                (step) => html`<li data-step=${step.kind}>
                  <time datetime=${step.at}>${dateTime(step.at, lang)}</time> ${step.words}
                  ${step.note ? html`<q>${step.note}</q>` : nothing}
                </li>`,
              )}
            </ol>`
          : html`<p class="empty">${this.t('event.noStory')}</p>`
      }`;
  }
}

function signedOf(form: FormData): Signed {
  const said = Object.fromEntries(
    ['signer', 'seat', 'document_no', 'note']
      .map((name) => [name, String(form.get(name) ?? '').trim()] as const)
      .filter(([, value]) => value),
  );
  return said;
}
