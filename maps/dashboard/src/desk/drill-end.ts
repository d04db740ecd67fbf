import { html, nothing, type PropertyDeclarations } from 'lit';
import { createRef, type Ref, ref } from 'lit/directives/ref.js';
import { problemOf } from '../api/problem.ts';
import type { AppState } from '../app/state.ts';
import { currentEvent } from '../events/desk.ts';
import { once } from '../incidents/api.ts';
import { exerciseOf } from '../time/now.ts';
import { icon } from '../ui/icons.ts';
import { COMMAND } from './event.ts';
import { DeskPart } from './part.ts';

/** In the exercise's banner: who commands ends it here, by name, after reading what that means. */
export class DrillEnd extends DeskPart {
  static override properties: PropertyDeclarations = {
    ...DeskPart.properties,
    asked: { state: true },
    busy: { state: true },
    problem: { state: true },
  };
  declare asked: boolean;
  declare busy: boolean;
  declare problem: string;
  protected readonly watch = ['me', 'incidents', 'events'] as const satisfies (keyof AppState)[];
  readonly #dialog: Ref<HTMLDialogElement> = createRef();

  constructor() {
    super();
    this.asked = false;
    this.busy = false;
    this.problem = '';
  }

  protected override updated(): void {
    const dialog = this.#dialog.value;
    if (!this.asked || !dialog || dialog.open) return;
    dialog.showModal();
    dialog.querySelector<HTMLElement>('h2')?.focus();
  }

  protected override render() {
    const { me } = this.state;
    if (!exerciseOf(me.value) || !COMMAND.has(me.value?.role ?? '')) return nothing;
    return html`<button type="button" data-act="end-exercise"
        @click=${() => {
          this.problem = '';
          this.asked = true;
        }}>${this.t('drill.end')}</button>
      ${this.asked ? this.#ask() : nothing}`;
  }

  #ask() {
    const { me, incidents } = this.state;
    const left = (incidents.value ?? []).filter(({ exercise }) => exercise).length;
    const event = currentEvent(this.state);
    return html`<dialog class="event drill-end" aria-labelledby="drill-title" ${ref(this.#dialog)}
      @close=${() => {
        this.asked = false;
      }}>
      <h2 id="drill-title" tabindex="-1">${this.t('drill.sure', { name: exerciseOf(me.value)?.name ?? '' })}</h2>
      <ul>
        <li>${this.t('drill.real')}</li>
        ${left ? html`<li>${this.t('drill.incidents', { n: left })}</li>` : nothing}
        ${event?.exercise ? html`<li>${this.t('drill.event', { name: event.name })}</li>` : nothing}
        <li>${this.t('drill.kept')}</li>
      </ul>
      <muang-acting .app=${this.app}></muang-acting>
      <form class="event-form" @submit=${(submitted: SubmitEvent) => {
        submitted.preventDefault();
        const note = new FormData(submitted.target as HTMLFormElement).get('note');
        void this.#end(String(note ?? '').trim());
      }}>
        <label class="wide">${this.t('drill.note')} <input name="note" maxlength="4000" autocomplete="off" /></label>
        <div class="drill-sends wide">
          <button type="submit" class="primary" aria-disabled=${this.busy}>${this.t('drill.end')}</button>
          <button type="button" @click=${() => this.#dialog.value?.close()}>${this.t('drill.goOn')}</button>
        </div>
        ${this.problem ? html`<p class="problem wide" role="alert">${icon('warn')} ${this.problem}</p>` : nothing}
      </form>
    </dialog>`;
  }

  async #end(note: string): Promise<void> {
    const { me, lang } = this.state;
    const exercise = exerciseOf(me.value);
    if (this.busy || !exercise) return;
    this.busy = true;
    this.problem = '';
    try {
      await this.app.api.http.json('/exercise/end', {
        lang,
        method: 'POST',
        body: {
          started_at: exercise.started_at,
          ...(note ? { note } : {}),
          ...this.desk.acting.by,
        },
        headers: once(),
      });
      this.#dialog.value?.close();
      this.app.toast({
        key: 'drill',
        text: this.t('drill.ended', { name: exercise.name }),
        good: true,
      });
    } catch (error) {
      this.problem = problemOf(error).detail ?? this.t('error.network');
    } finally {
      this.busy = false;
    }
    // also where somebody else was first
    await this.app.meetAgain().catch(() => null);
  }
}
