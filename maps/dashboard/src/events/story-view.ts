import { html, nothing, type PropertyDeclarations } from 'lit';
import { identity } from '../app/app.ts';
import type { AppState } from '../app/state.ts';
import { draftsOf } from '../desk/draft.ts';
import { dropKept, fillKept, keepTyped } from '../desk/kept-form.ts';
import { DeskPart } from '../desk/part.ts';
import { dateTime, number } from '../format.ts';
import { icon } from '../ui/icons.ts';
import { fields, paperOf, signing } from './forms.ts';
import { holding, isAnnouncement, takenBack } from './story.ts';
import { type EventStep, type EventStory, STEP_KINDS, type TownEvent } from './types.ts';

/** Steps drawn at once, newest first. */
const AT_ONCE = 200;

/** The log of an event: every step with its time, name, signer and paper; nothing is ever erased. */
export class EventLog extends DeskPart {
  static override properties: PropertyDeclarations = {
    ...DeskPart.properties,
    event: { attribute: false },
    command: { type: Boolean },
    asked: { state: true },
    shown: { state: true },
    undoing: { state: true },
    problem: { state: true },
    busy: { state: true },
  };
  declare event: TownEvent;
  /** The reader may take announcements back. */
  declare command: boolean;
  /** Words that steps must hold. */
  declare asked: string;
  declare shown: number;
  /** The step being taken back. */
  declare undoing: number | null;
  declare problem: string;
  declare busy: boolean;
  protected readonly watch = ['eventStory', 'event', 'me'] as const satisfies (keyof AppState)[];

  constructor() {
    super();
    this.command = false;
    this.asked = '';
    this.shown = AT_ONCE;
    this.undoing = null;
    this.problem = '';
    this.busy = false;
  }

  protected override stateChanged(now: AppState, before: AppState): void {
    if (now.event === before.event) return;
    this.shown = AT_ONCE;
    this.undoing = null;
    if (now.event?.id !== before.event?.id) this.asked = '';
  }

  protected override firstUpdated(): void {
    const [step] = draftsOf(identity(this.state.me.value), `undo:${this.event.id}:`);
    if (step) this.undoing = Number(step);
  }

  protected override updated(): void {
    fillKept(this, this.state);
  }

  protected override render() {
    const { me, lang, event: view, eventStory } = this.state;
    if (!view || !me.value?.layers.includes('event_log')) return nothing;
    const { value: story, loading, problem } = eventStory;
    const kind = view.kind ? `&kind=${view.kind}` : '';
    return html`<section aria-labelledby="story-title" aria-busy=${loading}>
      <div class="part-head">
        <h3 id="story-title">${this.t('event.story', { name: this.event.name })}</h3>
        <a class="button" href="/events/${this.event.id}/log.csv?lang=${lang}${kind}" download>${icon('download')} CSV</a>
      </div>
      <div class="story-asked">
        <label>${this.t('event.filter')}
          <select @change=${(event: Event) => this.#filter((event.target as HTMLSelectElement).value)}>
            <option value="">${this.t('event.everything')}</option>
            ${STEP_KINDS.map((each) => html`<option value=${each} ?selected=${each === view.kind}>${this.t(`event.step.${each}`)}</option>`)}
          </select>
        </label>
        <label>${this.t('event.find')}
          <input type="search" maxlength="100" autocomplete="off" .value=${this.asked}
            @input=${(event: Event) => {
              this.asked = (event.target as HTMLInputElement).value;
              this.shown = AT_ONCE;
            }} />
        </label>
      </div>
      ${problem ? html`<p class="problem" role="alert">${icon('warn')} ${problem.detail ?? this.t('error.network')}</p>` : nothing}
      ${!story && loading ? html`<p class="empty" role="status">${this.t('event.fetching')}</p>` : nothing}
      ${story ? this.#story(story) : nothing}
    </section>`;
  }

  #filter(kind: string): void {
    const { event } = this.state;
    this.desk.events.show({ id: event?.id ?? null, kind: kind || null });
  }

  #story({ steps, cut }: EventStory) {
    const { lang } = this.state;
    const found = holding(steps, this.asked);
    const back = takenBack(steps);
    const newest = found.slice(Math.max(0, found.length - this.shown)).reverse();
    const left = found.length - newest.length;
    const all = number(steps.length, lang);
    return html`<p class="paper" role="status">${
      found.length === steps.length
        ? this.t('event.counted', { n: all })
        : this.t('event.matched', { n: number(found.length, lang), all })
    }</p>
      ${cut ? html`<p class="paper">${icon('warn')} ${this.t('event.cut', { n: all })}</p>` : nothing}
      ${steps.length === 0 ? html`<p class="empty">${this.t('event.noStory')}</p>` : nothing}
      ${steps.length > 0 && found.length === 0 ? html`<p class="empty">${this.t('event.noMatch')}</p>` : nothing}
      <ol class="event-story">
        ${newest.map((step) => this.#step(step, steps, back))}
      </ol>
      ${
        left > 0
          ? html`<button type="button" class="link" @click=${() => {
              this.shown += AT_ONCE;
            }}>${this.t('event.earlier', { n: Math.min(left, AT_ONCE) })}</button>`
          : nothing
      }`;
  }

  #step(step: EventStep, all: readonly EventStep[], back: ReadonlyMap<number, EventStep>) {
    const { lang } = this.state;
    const undone = back.get(step.id);
    const old = typeof step.undoes === 'number' ? all.find(({ id }) => id === step.undoes) : null;
    const paper = paperOf(this.app, step);
    const may = this.command && isAnnouncement(step) && !undone;
    return html`<li data-step=${step.kind} data-id=${step.id} ?data-undone=${undone !== undefined}>
      <p class="step-when">
        <time datetime=${step.at}>${dateTime(step.at, lang, true)}</time>
        <span>${this.t('event.stepNo', { n: step.id })}</span>
        ${step.exercise ? html`<b>${this.t('event.anExercise')}</b>` : nothing}
      </p>
      <p class="step-words">${undone ? html`<s>${step.words}</s>` : step.words}</p>
      ${undone ? html`<p class="paper"><b>${this.t('event.undone', { n: undone.id })}</b></p>` : nothing}
      ${old ? html`<p class="paper">${this.t('event.undoes', { n: old.id, words: old.words })}</p>` : nothing}
      ${paper.length ? html`<p class="paper">${paper.join(' · ')}</p>` : nothing}
      ${step.note ? html`<q>${step.note}</q>` : nothing}
      ${
        may
          ? html`<button type="button" class="link" aria-expanded=${this.undoing === step.id}
              @click=${() => {
                dropKept(`undo:${this.event.id}:${this.undoing}`, this.state);
                this.undoing = this.undoing === step.id ? null : step.id;
                this.problem = '';
              }}>
              ${this.t('event.undo')}<span class="unseen"> ${this.t('event.stepNo', { n: step.id })}</span>
            </button>`
          : nothing
      }
      ${may && this.undoing === step.id ? this.#undo(step) : nothing}
    </li>`;
  }

  #undo(step: EventStep) {
    const draft = `undo:${this.event.id}:${step.id}`;
    return html`<form class="event-form" data-draft=${draft}
      @input=${(event: Event) => keepTyped(event, this.state)}
      @submit=${async (submitted: SubmitEvent) => {
        submitted.preventDefault();
        if (this.busy) return;
        const said = fields(new FormData(submitted.target as HTMLFormElement));
        this.busy = true;
        this.problem = (await this.desk.events.undo(this.event, step.id, said)) ?? '';
        this.busy = false;
        if (this.problem) return;
        dropKept(draft, this.state);
        this.undoing = null;
      }}>
      <p class="wide">${this.t('event.undoHelp')}</p>
      <label class="wide">${this.t('event.why')} <input name="note" required maxlength="4000" autocomplete="off" /></label>
      ${signing(this.app, { required: false }, '', () => undefined)}
      <button type="submit" class="primary" aria-disabled=${this.busy}>${this.t('event.undoIt')}</button>
      ${this.problem ? html`<p class="problem wide" role="alert">${icon('warn')} ${this.problem}</p>` : nothing}
    </form>`;
  }
}
