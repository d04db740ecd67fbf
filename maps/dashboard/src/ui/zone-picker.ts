import { html, nothing, type PropertyDeclarations, type TemplateResult } from 'lit';
import type { AppState } from '../app/state.ts';
import {
  type Scenario,
  type ScenarioRow,
  scenarioLabel,
  scenarioNumber,
  scenarioRows,
  scenarios,
} from '../flood/zones.ts';
import { unit } from '../format.ts';
import { begin } from '../map/draw.ts';
import { icon } from './icons.ts';
import { options } from './options.ts';
import { Part } from './part.ts';

/** The water to ask about: floods by kind, all zones, or a drawn area. One radio group. */
export class ZonePicker extends Part {
  static override properties: PropertyDeclarations = {
    ...Part.properties,
    folded: { state: true },
    narrow: { state: true },
  };
  /** On a phone the choice folds away once it is made: people and houses come first. */
  declare folded: boolean;
  declare narrow: boolean;
  protected readonly watch = [
    'zones',
    'water',
    'map',
    'drawing',
  ] as const satisfies (keyof AppState)[];

  constructor() {
    super();
    this.folded = true;
    const query = matchMedia('(max-width: 899px)');
    this.narrow = query.matches;
    query.addEventListener('change', () => {
      this.narrow = query.matches;
    });
  }

  protected override stateChanged(now: AppState, before: AppState): void {
    if (now.water !== before.water) this.folded = now.water !== null;
  }

  protected override render() {
    const { zones, water } = this.state;
    const floods = scenarios(zones.value ?? []);
    const folded = this.narrow && this.folded && water !== null;
    return html`${this.narrow && water ? this.#fold(folded) : nothing}
    <fieldset class="zones" id="zones" aria-busy=${zones.loading} ?hidden=${folded}>
      <legend>${this.t('flood.choose')}</legend>
      ${
        zones.problem
          ? html`<p class="problem" role="alert">
            ${zones.problem.detail ?? this.t('error.network')}
            <button type="button" class="link" @click=${() => this.app.flood.loadZones()}>
              ${this.t('app.retry')}
            </button>
          </p>`
          : nothing
      }
      ${!zones.value && zones.loading ? html`<p class="empty">${this.t('flood.choosing')}</p>` : nothing}
      ${zones.value?.length === 0 ? html`<p class="empty">${this.t('flood.none')}</p>` : nothing}
      ${scenarioRows(floods).map((row, place) => this.#row(row, place))}
      <div class="zone-foot">
        ${
          floods.length > 1
            ? this.#radio('all', water?.kind === 'all', this.t('flood.all'), () =>
                this.app.flood.choose({ kind: 'all' }),
              )
            : nothing
        }
        ${water?.kind === 'drawn' ? this.#radio('drawn', true, this.t('flood.drawn')) : nothing}
        ${
          this.state.map === 'ready'
            ? html`<button type="button" class="chip-button" @click=${() => this.#draw()}>
              ${icon('draw')}<span>${this.t('map.draw')}</span>
            </button>`
            : nothing
        }
        ${
          water
            ? html`<button type="button" class="chip-button" @click=${() => this.#clear()}>
              ${icon('close')}<span>${this.t('flood.clear')}</span>
            </button>`
            : nothing
        }
      </div>
    </fieldset>`;
  }

  #fold(folded: boolean) {
    return html`<button
      type="button"
      class="fold-zones"
      aria-expanded=${!folded}
      aria-controls="zones"
      @click=${() => {
        this.folded = !folded;
      }}
    >
      <span>${this.t('flood.choose')}</span> ${icon('down')}
    </button>`;
  }

  #row({ kind, gauge, unit: code, floods }: ScenarioRow, place: number): TemplateResult {
    const { lang } = this.state;
    const chosen = floods.find((flood) => this.#touches(flood));
    return html`<div
      class="zone-kind"
      data-kind=${kind}
      role="group"
      aria-labelledby="row-${place}"
    >
      <h3 id="row-${place}">
        ${this.t(`flood.kind.${kind}`)}
        ${gauge ? html`<span class="whole">${gauge}</span>` : nothing}
        ${code ? html`<span class="whole">(${unit(code, lang)})</span>` : nothing}
      </h3>
      <div class="chips">
        ${floods.map((flood) =>
          this.#radio(
            flood.key,
            flood === chosen,
            code ? scenarioNumber(flood, lang) : scenarioLabel(flood, lang),
            () => this.app.flood.choose({ kind: 'flood', key: flood.key }),
            scenarioLabel(flood, lang),
          ),
        )}
        ${chosen && chosen.zones.length > 1 ? this.#parts(chosen) : nothing}
      </div>
    </div>`;
  }

  /** A flood drawn in parts may be asked about one part at a time. */
  #parts(flood: Scenario) {
    const { water, lang } = this.state;
    const one = water?.kind === 'zones' && water.ids.length === 1 ? String(water.ids[0]) : '';
    const name = scenarioLabel(flood, lang);
    return html`<label class="parts">
      <span class="unseen">${this.t('flood.pick', { name })}</span>
      <select
        @change=${(event: Event) => {
          const id = (event.target as HTMLSelectElement).value;
          this.app.flood.choose(
            id ? { kind: 'zones', ids: [Number(id)] } : { kind: 'flood', key: flood.key },
          );
        }}
      >
        ${options(
          [
            ['', this.t('flood.whole', { n: flood.zones.length })],
            ...flood.zones.map(({ id, name: part }) => [id, part] as const),
          ],
          one,
        )}
      </select>
    </label>`;
  }

  #radio(value: string, checked: boolean, label: string, choose?: () => void, spoken = label) {
    return html`<label class="chip">
      <input
        type="radio"
        name="water"
        value=${value}
        aria-label=${spoken}
        .checked=${checked}
        @change=${() => choose?.()}
      /><span>${label}</span>
    </label>`;
  }

  #touches(flood: Scenario): boolean {
    const { water } = this.state;
    if (water?.kind === 'flood') return flood.key === water.key;
    return water?.kind === 'zones' && flood.zones.some(({ id }) => water.ids.includes(id));
  }

  #clear(): void {
    this.app.flood.choose(null);
  }

  #draw(): void {
    begin(this.app);
    this.app.map?.focus();
  }
}
