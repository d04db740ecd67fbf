import { html, nothing, type PropertyDeclarations } from 'lit';
import { repeat } from 'lit/directives/repeat.js';
import type { AppState } from '../app/state.ts';
import { clock, span } from '../format.ts';
import { byNeed, nextAction, SIGNS } from '../incidents/order.ts';
import type { Action, Incident } from '../incidents/types.ts';
import { exerciseOf } from '../time/now.ts';
import { icon } from '../ui/icons.ts';
import { DeskPart } from './part.ts';

const TICK_MS = 5_000;
/** More than these fold away: the first ones are what matters. */
const FIRST = 12;

/** What needs action, most urgent first: acknowledge it here, or open it. */
export class Needs extends DeskPart {
  static override properties: PropertyDeclarations = {
    ...DeskPart.properties,
    all: { state: true },
  };
  declare all: boolean;
  protected readonly watch = [
    'incidents',
    'incidentWords',
    'incident',
    'acting',
    'conflict',
    'raising',
    'me',
    'at',
  ] as const satisfies (keyof AppState)[];
  #ticking: ReturnType<typeof setInterval> | null = null;
  #back: number | null = null;
  #heard = new Set<number>();
  #said = '';

  constructor() {
    super();
    this.all = false;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.#ticking = setInterval(() => this.requestUpdate(), TICK_MS);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    if (this.#ticking) clearInterval(this.#ticking);
  }

  protected override stateChanged(now: AppState, before: AppState): void {
    if (before.incident && !now.incident) this.#back = Number(before.incident);
    if (now.incidents.value !== before.incidents.value) this.#hear(now, before);
  }

  /** A new critical one is said at once; everything else waits to be looked at. */
  #hear(now: AppState, before: AppState): void {
    const known = before.incidents.value;
    for (const incident of now.incidents.value ?? []) {
      const fresh = !this.#heard.has(incident.id);
      this.#heard.add(incident.id);
      if (!known || !fresh || incident.severity !== 'critical' || incident.status !== 'raised')
        continue;
      this.#said = this.t('needs.alert', { title: this.#title(incident) });
      this.desk.sound.play();
    }
  }

  protected override updated(): void {
    if (this.#back === null) return;
    // the reader's place goes back to the row the panel was opened from
    const row = this.querySelector<HTMLElement>(`[data-incident="${this.#back}"] .need-open`);
    this.#back = null;
    (row ?? this.querySelector<HTMLElement>('#needs-title'))?.focus();
  }

  protected override render() {
    const { incidents, incident, raising, at } = this.state;
    const { seen } = this.desk.incidents;
    this.toggleAttribute('data-open', seen);
    if (!seen) return nothing;
    const all = byNeed(incidents.value ?? []);
    const shown = this.all ? all : all.slice(0, FIRST);
    return html`<section class="needs" aria-labelledby="needs-title" aria-busy=${incidents.loading}>
      <p class="unseen" role="alert">${this.#said}</p>
      <div class="part-head">
        <h2 id="needs-title" tabindex="-1">
          ${this.t('needs.title')} ${incidents.value ? html`<span class="count">${all.length}</span>` : nothing}
        </h2>
        ${this.#sound()}
        <button
          type="button"
          class="chip-button"
          aria-expanded=${raising !== null}
          @click=${() => this.app.store.set({ raising: raising ? null : { at: null }, incident: null })}
        >
          ${icon('plus')}<span>${this.t('needs.raise')}</span>
        </button>
      </div>
      ${raising ? html`<muang-raise .app=${this.app}></muang-raise>` : nothing}
      ${incident ? html`<muang-incident .app=${this.app}></muang-incident>` : nothing}
      ${this.#missing()}
      ${
        incidents.value && all.length === 0
          ? html`<p class="empty">${this.t('needs.none')}</p>`
          : html`<ul class="need-list" aria-labelledby="needs-title">
              ${repeat(
                shown,
                ({ id }) => id,
                (each) => this.#row(each),
              )}
            </ul>`
      }
      ${
        all.length > FIRST
          ? html`<button
              type="button"
              class="link"
              @click=${() => {
                this.all = !this.all;
              }}
            >
              ${this.all ? this.t('needs.fewer') : this.t('needs.more', { n: all.length - FIRST })}
            </button>`
          : nothing
      }
      ${at === null ? html`<muang-aside .app=${this.app}></muang-aside>` : nothing}
    </section>`;
  }

  #sound() {
    const { on } = this.desk.sound;
    return html`<button
      type="button"
      class="plain sound"
      aria-pressed=${on}
      aria-label=${this.t('needs.sound')}
      title=${this.t('needs.sound')}
      @click=${() => {
        this.desk.sound.toggle();
        this.requestUpdate();
      }}
    >
      ${icon(on ? 'sound' : 'silent')}
    </button>`;
  }

  #row(each: Incident) {
    const { incident, incidentWords: words, lang, at } = this.state;
    const open = incident === String(each.id);
    const raised = Date.parse(each.raised_at ?? '');
    // people answer by the clock on the wall, also while an exercise runs faster
    const now = Math.min(at ?? Number.POSITIVE_INFINITY, Date.now());
    const waits = each.status === 'raised';
    return html`<li
      data-incident=${each.id}
      data-severity=${each.severity}
      data-status=${each.status}
      ?data-waits=${waits}
      aria-current=${open ? 'true' : 'false'}
    >
      <button
        type="button"
        class="need-open"
        aria-expanded=${open}
        @click=${() => (open ? this.desk.incidents.close() : this.desk.incidents.open(each.id))}
      >
        <span class="need-sign" aria-hidden="true">${SIGNS[each.severity]}</span>
        <span class="need-text">
          <span class="need-top"
            >${this.#played(each)}<b>${words['severity']?.[each.severity] ?? each.severity}</b> ${clock(raised, lang)} ·
            ${each.code}</span
          >
          <span class="need-title">${this.#title(each)}</span>
          <span class="need-foot">
            ${words['status']?.[each.status] ?? each.status}${each.unit ? ` · ${each.unit}` : nothing}
            ${
              waits && raised
                ? html`<b class="need-age">${this.t('needs.waits', { age: span((now - raised) / 1000, lang) })}</b>`
                : each.acknowledged_by
                  ? html`<span>· ${each.acknowledged_by}</span>`
                  : nothing
            }
            ${
              each.escalated
                ? html`<b class="need-up">▲ ${this.t('needs.escalated', { n: each.escalated })}</b>`
                : nothing
            }
          </span>
        </span>
      </button>
      ${this.#acts(each)}
    </li>`;
  }

  #acts(each: Incident) {
    const { acting, at } = this.state;
    const next = nextAction(each);
    return html`<span class="need-acts">
        ${
          next && at === null
            ? html`<button
                type="button"
                class=${each.status === 'raised' ? 'primary' : ''}
                aria-disabled=${acting === each.id}
                @click=${() => this.#next(each, next)}
              >
                ${this.t(`act.${next}`)}<span class="unseen"> ${each.code}</span>
              </button>`
            : nothing
        }
        ${
          each.at && this.app.map
            ? html`<button
                type="button"
                class="plain"
                aria-label=${this.t('needs.map', { code: each.code })}
                title=${this.t('needs.map', { code: each.code })}
                @click=${() => this.#fly(each)}
              >
                ${icon('fly')}
              </button>`
            : nothing
        }
      </span>`;
  }

  /** The list is not there: it is being fetched, or could not be. */
  #missing() {
    const { incidents } = this.state;
    if (incidents.value) return nothing;
    return incidents.problem
      ? html`<p class="problem" role="alert">
          ${incidents.problem.detail ?? this.t('error.network')}
          <button type="button" class="link" @click=${() => this.desk.incidents.load()}>
            ${this.t('app.retry')}
          </button>
        </p>`
      : html`<p class="empty">${this.t('needs.loading')}</p>`;
  }

  /** The next step at a press; whom it is given to is asked for. */
  #next(each: Incident, action: Action): void {
    if (this.state.acting === each.id) return;
    if (action === 'assign') this.desk.incidents.open(each.id, action);
    else void this.desk.incidents.act(each, action);
  }

  /** Played or real: while an exercise is on each of them says which it is. */
  #played({ exercise }: Incident) {
    if (exercise) return html`<b class="played">${this.t('needs.exercise')}</b> `;
    return exerciseOf(this.state.me.value)
      ? html`<b class="earnest">${this.t('needs.real')}</b> `
      : nothing;
  }

  #title({ title_th, title_en }: Incident): string {
    return this.state.lang === 'th' ? title_th : title_en;
  }

  #fly({ at }: Incident): void {
    if (at) this.app.map?.flyTo([at[0], at[1], at[0], at[1]]);
  }
}
