import { html, nothing, type PropertyDeclarations } from 'lit';
import { repeat } from 'lit/directives/repeat.js';
import type { AppState } from '../app/state.ts';
import { DeskPart } from '../desk/part.ts';
import { icon } from '../ui/icons.ts';
import { MOST_POINTS, type Placed, writePoints } from './question.ts';

/** Places set by hand for a question: on the map, by its middle, named, ordered, taken away. */
export class AskPoints extends DeskPart {
  static override properties: PropertyDeclarations = {
    ...DeskPart.properties,
    points: { state: true },
    placing: { state: true },
    ordered: { type: Boolean },
    given: { attribute: false },
  };
  declare points: readonly Placed[];
  /** Clicks on the map set places now. */
  declare placing: boolean;
  /** Their order says something: the first is where a round begins. */
  declare ordered: boolean;
  /** Places of the link. */
  declare given: readonly Placed[];
  protected readonly watch = ['picking', 'map'] as const satisfies (keyof AppState)[];

  constructor() {
    super();
    this.points = [];
    this.placing = false;
    this.ordered = false;
    this.given = [];
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    if (this.placing) this.app.store.set({ picking: null });
  }

  protected override firstUpdated(): void {
    this.#put(this.given);
  }

  protected override stateChanged(now: AppState, before: AppState): void {
    if (!this.placing || now.picking === before.picking) return;
    // another form chooses a place by now
    if (now.picking === null) this.placing = false;
    else if (now.picking.at) {
      this.#add(now.picking.at);
      this.app.store.set({ picking: { at: null } });
    }
  }

  protected override render() {
    const last = this.points.length - 1;
    return html`<fieldset class="ask-points wide">
      <legend>${this.t(this.ordered ? 'ask.stops' : 'ask.points')}</legend>
      <input type="hidden" name="pts" .value=${writePoints(this.points)} />
      ${
        this.points.length === 0
          ? html`<p class="paper">${this.t(this.ordered ? 'ask.noStops' : 'ask.noPoints')}</p>`
          : html`<ol>
              ${repeat(
                this.points,
                // the place itself: its name is written while one is at its buttons
                ({ at }) => at,
                ({ name }, n) => html`<li>
                  <input aria-label=${this.t('ask.pointName', { n: n + 1 })} maxlength="80" autocomplete="off"
                    .value=${name} @change=${(event: Event) => this.#name(n, (event.target as HTMLInputElement).value)} />
                  ${this.ordered ? this.#step(n, -1, n === 0) : nothing}
                  ${this.ordered ? this.#step(n, 1, n === last) : nothing}
                  <button type="button" class="plain" @click=${() => this.#drop(n)}
                    aria-label=${this.t('ask.pointDrop', { name })} title=${this.t('ask.pointDrop', { name })}>${icon('close')}</button>
                </li>`,
              )}
            </ol>`
      }
      <div class="ask-place">
        <button type="button" data-place aria-pressed=${this.placing}
          ?disabled=${!this.app.map || this.points.length >= MOST_POINTS} @click=${() => this.#place()}>
          ${icon('fly')} ${this.t(this.placing ? 'ask.placeDone' : 'ask.place')}
        </button>
        <button type="button" class="link" data-middle ?disabled=${!this.app.map} @click=${() => this.#middle()}>
          ${this.t('ask.middle')}
        </button>
      </div>
      ${this.placing ? html`<p role="status" class="paper">${this.t('ask.placing')}</p>` : nothing}
    </fieldset>`;
  }

  #step(n: number, by: -1 | 1, off: boolean) {
    const { name } = this.points[n] ?? { name: '' };
    const words = this.t(by < 0 ? 'ask.pointUp' : 'ask.pointDown', { name });
    return html`<button type="button" class="plain" aria-disabled=${off} aria-label=${words} title=${words}
      @click=${() => {
        if (!off) this.#move(n, by);
      }}>${by < 0 ? '↑' : '↓'}</button>`;
  }

  #place(): void {
    this.placing = !this.placing;
    this.app.store.set({ picking: this.placing ? { at: null } : null });
    if (this.placing) this.app.announce(this.t('ask.placing'), true);
  }

  #middle(): void {
    const at = this.app.map?.centre();
    if (at) this.#add(at);
  }

  #add(at: readonly [number, number]): void {
    if (this.points.length >= MOST_POINTS) return;
    const known = new Set(this.points.map(({ name }) => name));
    let n = this.points.length + 1;
    while (known.has(this.t('ask.point', { n }))) n += 1;
    this.#put([...this.points, { name: this.t('ask.point', { n }), at: [at[0], at[1]] }]);
  }

  /** Names tell places apart in the answer: one that is taken stays another's. */
  #name(n: number, text: string): void {
    const name = text.replace(/[;|~]/g, ' ').trim();
    const taken = this.points.some((point, other) => other !== n && point.name === name);
    if (name && !taken) {
      this.#put(this.points.map((point, place) => (place === n ? { ...point, name } : point)));
    } else this.#put([...this.points]);
  }

  #move(n: number, by: -1 | 1): void {
    const moved = [...this.points];
    const [one] = moved.splice(n, 1);
    if (one) moved.splice(n + by, 0, one);
    this.#put(moved);
  }

  #drop(n: number): void {
    this.#put(this.points.filter((_, place) => place !== n));
  }

  #put(points: readonly Placed[]): void {
    this.points = points;
    this.dispatchEvent(new CustomEvent('points', { detail: points, bubbles: true }));
  }
}
