import { html, nothing } from 'lit';
import type { AppState } from '../app/state.ts';
import { SEVERITIES, type Severity } from '../incidents/types.ts';
import { exerciseOf } from '../time/now.ts';
import { icon } from '../ui/icons.ts';
import { dropKept, fillKept, keepForm, keepTyped } from './kept-form.ts';
import { DeskPart } from './part.ts';

/** Kinds that people raise; power-dependent people are found by a rule. */
const BY_RULE = new Set(['power_dependent']);

/** The form as drafts are kept of it. */
export const RAISE = 'raise';

/** Raising an incident: what, how bad, where (a click on the map, its middle, or a search). */
export class Raise extends DeskPart {
  protected readonly watch = [
    'raising',
    'incidentWords',
    'me',
    'view',
  ] as const satisfies (keyof AppState)[];

  protected override firstUpdated(): void {
    this.querySelector<HTMLElement>('input')?.focus();
  }

  protected override updated(): void {
    fillKept(this, this.state);
    this.#keep();
  }

  protected override render() {
    const { raising, incidentWords: words } = this.state;
    if (!raising) return nothing;
    const kinds = Object.entries(words['kind'] ?? {}).filter(([kind]) => !BY_RULE.has(kind));
    return html`<form
      class="raise card"
      data-draft=${RAISE}
      aria-label=${this.t('needs.raise')}
      @keydown=${(event: KeyboardEvent) => {
        if (event.key === 'Escape') this.#cancel();
      }}
      @input=${(event: Event) => keepTyped(event, this.state, { at: this.state.raising?.at ?? null })}
      @submit=${(event: SubmitEvent) => {
        event.preventDefault();
        void this.#send(new FormData(event.target as HTMLFormElement));
      }}
    >
      <label
        >${this.t('raise.title')}
        <input name="title" required maxlength="500" autocomplete="off" />
      </label>
      <p class="raise-where" role="status">
        ${icon('fly')}
        ${raising.at ? this.t('raise.at', { lat: raising.at[1].toFixed(5), lng: raising.at[0].toFixed(5) }) : this.t('raise.where')}
        ${
          this.app.map
            ? html`<button type="button" class="link" @click=${() => this.#here()}>${this.t('raise.centre')}</button>`
            : nothing
        }
      </p>
      <div class="raise-row raise-what">
        <label
          >${this.t('raise.kind')}
          <select name="kind">
            ${kinds.map(([kind, label]) => html`<option value=${kind}>${label}</option>`)}
          </select>
        </label>
        <label
          >${this.t('raise.severity')}
          <select name="severity">
            ${[...SEVERITIES].reverse().map(
              (severity) =>
                html`<option value=${severity} ?selected=${severity === 'high'}>
                  ${words['severity']?.[severity] ?? severity}
                </option>`,
            )}
          </select>
        </label>
      </div>
      <label
        >${this.t('raise.place')}
        <input name="place" maxlength="500" autocomplete="off" />
      </label>
      <label
        >${this.t('raise.description')}
        <textarea name="description" maxlength="4000" rows="2"></textarea>
      </label>
      ${
        exerciseOf(this.state.me.value)
          ? html`<label class="tick"><input type="checkbox" name="real" /> ${this.t('raise.real')}</label>`
          : nothing
      }
      <div class="raise-row">
        <button type="submit" class="primary" ?disabled=${!raising.at}>${this.t('raise.send')}</button>
        <button type="button" @click=${() => this.#cancel()}>${this.t('raise.cancel')}</button>
      </div>
    </form>`;
  }

  #keep(): void {
    const form = this.querySelector('form');
    if (form) keepForm(form, this.state, { at: this.state.raising?.at ?? null });
  }

  #here(): void {
    const at = this.app.map?.centre();
    if (at) this.app.store.set({ raising: { at } });
  }

  #cancel(): void {
    dropKept(RAISE, this.state);
    this.app.store.set({ raising: null });
    document.querySelector<HTMLElement>('#needs-title')?.focus();
  }

  async #send(form: FormData): Promise<void> {
    const { raising } = this.state;
    if (!raising?.at) return;
    const text = (name: string) => String(form.get(name) ?? '').trim();
    const description = text('description');
    const place = text('place');
    const raised = await this.desk.incidents.raise({
      kind: text('kind'),
      severity: text('severity') as Severity,
      title: text('title'),
      at: raising.at,
      ...(description ? { description } : {}),
      ...(place ? { place } : {}),
      ...(form.get('real') === null ? {} : { exercise: false }),
    });
    if (raised !== null) dropKept(RAISE, this.state);
  }
}
