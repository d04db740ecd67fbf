import { html, nothing, type PropertyDeclarations } from 'lit';
import { repeat } from 'lit/directives/repeat.js';
import type { AppState } from '../app/state.ts';
import { dateTime } from '../format.ts';
import { SIGNS } from '../incidents/order.ts';
import type { Incident } from '../incidents/types.ts';
import { DeskPart } from './part.ts';

/** Incidents that ask nothing of anybody now: from here they are taken up again. */
export class Aside extends DeskPart {
  static override properties: PropertyDeclarations = {
    ...DeskPart.properties,
    found: { state: true },
    failed: { state: true },
  };
  /** null: not asked for yet. */
  declare found: readonly Incident[] | null;
  declare failed: boolean;
  protected readonly watch = [
    'incidents',
    'incidentWords',
    'lang',
  ] as const satisfies (keyof AppState)[];
  #unfolded = false;

  constructor() {
    super();
    this.found = null;
    this.failed = false;
  }

  protected override stateChanged(now: AppState, before: AppState): void {
    const changed = now.incidents.value !== before.incidents.value || now.lang !== before.lang;
    if (changed && this.#unfolded) void this.#read();
  }

  async #read(): Promise<void> {
    try {
      this.found = await this.desk.incidents.aside();
      this.failed = false;
    } catch {
      this.failed = true;
    }
  }

  protected override render() {
    return html`<details
      class="aside"
      @toggle=${(event: Event) => {
        this.#unfolded = (event.target as HTMLDetailsElement).open;
        if (this.#unfolded) void this.#read();
      }}
    >
      <summary>${this.t('needs.aside')}</summary>
      ${this.#list()}
    </details>`;
  }

  #list() {
    const { found, failed } = this;
    if (failed)
      return html`<p class="problem" role="alert">
        ${this.t('error.network')}
        <button type="button" class="link" @click=${() => this.#read()}>${this.t('app.retry')}</button>
      </p>`;
    if (!found) return html`<p class="empty">${this.t('needs.loading')}</p>`;
    if (found.length === 0) return html`<p class="empty">${this.t('needs.noneAside')}</p>`;
    return html`<ul class="aside-list">
      ${repeat(
        found,
        ({ id }) => id,
        (each) => this.#row(each),
      )}
    </ul>`;
  }

  #row(each: Incident) {
    const { incidentWords: words, lang } = this.state;
    const how = each.merged_into
      ? this.t('incident.merged', { code: each.merged_into })
      : each.shelved_until
        ? this.t('incident.shelved', { time: dateTime(each.shelved_until, lang) })
        : (words['status']?.[each.status] ?? each.status);
    return html`<li>
      <button type="button" class="link" @click=${() => this.desk.incidents.open(each.id)}>
        <span class="need-sign" data-severity=${each.severity} aria-hidden="true">${SIGNS[each.severity]}</span>
        ${each.code} ${lang === 'th' ? each.title_th : each.title_en}
      </button>
      <small>${each.exercise ? html`${this.t('needs.exercise')} · ` : nothing}${how}</small>
    </li>`;
  }
}
