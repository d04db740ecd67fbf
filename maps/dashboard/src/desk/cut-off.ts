import { html, nothing, type PropertyDeclarations } from 'lit';
import { problemOf } from '../api/problem.ts';
import type { CutOff } from '../api/types.gen.ts';
import type { ImpactAnswer } from '../api/types.ts';
import type { AppState } from '../app/state.ts';
import { question } from '../flood/desk.ts';
import { dateTime, length, number } from '../format.ts';
import { icon } from '../ui/icons.ts';
import { proof } from '../ui/proof.ts';
import { DeskPart } from './part.ts';

const SOON_MS = 300;
const REST_MS = 10_000;

/** Who is dry but has no way out, beside who is in the water; asked once the water's figures are there. */
export class CutOffCard extends DeskPart {
  static override properties: PropertyDeclarations = {
    ...DeskPart.properties,
    answer: { state: true },
    problem: { state: true },
    busy: { state: true },
  };
  declare answer: ImpactAnswer | null;
  declare problem: string;
  declare busy: boolean;
  protected readonly watch = [
    'water',
    'zones',
    'impact',
    'me',
  ] as const satisfies (keyof AppState)[];
  #asking: AbortController | null = null;
  /** The figures it was asked beside. */
  #of = '';
  #water: AppState['water'] = null;
  #timer: ReturnType<typeof setTimeout> | null = null;

  constructor() {
    super();
    this.answer = null;
    this.problem = '';
    this.busy = false;
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#wait();
  }

  protected override firstUpdated(): void {
    this.stateChanged(this.state);
  }

  protected override stateChanged(now: AppState): void {
    const { value, loading } = now.impact;
    if (!value) this.answer = null;
    if (!value || loading || !now.me.value?.layers.includes('roads')) return;
    const of = `${value.id} ${now.lang}`;
    if (of === this.#of) return;
    const anew = now.water !== this.#water || this.answer === null;
    this.#of = of;
    this.#water = now.water;
    if (anew && this.#timer) this.#wait();
    // what is only counted again, because something changed, can wait until it rests
    this.#timer ??= setTimeout(
      () => {
        this.#timer = null;
        void this.#ask();
      },
      anew ? SOON_MS : REST_MS,
    );
  }

  #wait(): void {
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = null;
    this.#asking?.abort();
    this.busy = false;
  }

  async #ask(): Promise<void> {
    const { water, zones, lang } = this.state;
    const flood = water && question(water, zones.value);
    if (!flood) return;
    this.#asking?.abort();
    const asking = new AbortController();
    this.#asking = asking;
    this.busy = true;
    const { http, asOf } = this.app.api;
    try {
      const answer = await http.json<ImpactAnswer>('/queries/impact', {
        lang,
        method: 'POST',
        body: { flood, include: ['cut_off'], ...(asOf ? { as_of: asOf } : {}) },
        signal: asking.signal,
      });
      if (asking.signal.aborted) return;
      this.answer = answer;
      this.problem = '';
    } catch (error) {
      if (asking.signal.aborted) return;
      this.answer = null;
      this.problem = problemOf(error).detail ?? this.t('error.network');
    }
    this.busy = false;
  }

  protected override render() {
    const { impact } = this.state;
    const found = this.answer?.cut_off;
    if (!impact.value || (!found && !this.problem && !this.busy)) return nothing;
    return html`<section class="cut-off" aria-labelledby="cut-off-title" aria-busy=${this.busy}>
      <h3 id="cut-off-title">${this.t('cutOff.title')}</h3>
      ${!this.answer && this.busy ? html`<p class="empty" role="status">${this.t('cutOff.working')}</p>` : nothing}
      ${this.problem ? html`<p class="problem" role="alert">${icon('warn')} ${this.problem}</p>` : nothing}
      ${found && this.answer ? this.#found(found, this.answer) : nothing}
    </section>`;
  }

  #found(found: CutOff, answer: ImpactAnswer) {
    const { lang } = this.state;
    const { people, houses, households, care, shelters, facilities, roads, waste_stops } = found;
    const n = (value: number) => number(value, lang);
    const bedridden = care?.by_class['bedridden'];
    const unknown = houses?.unknown ? this.t('cutOff.unknown', { n: n(houses.unknown) }) : '';
    const certain =
      people && people.certain < people.count
        ? this.t('cutOff.certain', { n: n(people.certain) })
        : '';
    const row = (label: string, value: string, more = '') =>
      html`<div><dt>${label}</dt><dd>${value}${more ? html` <small>${more}</small>` : nothing}</dd></div>`;
    return html`<dl class="breakdown cut-off-figures">
        ${people ? row(this.t('kpi.people'), n(people.count), certain) : nothing}
        ${houses ? row(this.t('kpi.houses'), n(houses.count), unknown) : nothing}
        ${households ? row(this.t('kpi.households'), n(households.count)) : nothing}
        ${
          care
            ? row(
                this.t('kpi.care_locations'),
                n(care.count),
                bedridden ? this.t('cutOff.bedridden', { n: n(bedridden) }) : '',
              )
            : nothing
        }
        ${
          shelters?.count
            ? row(
                this.app.layerTitle('shelters'),
                n(shelters.count),
                shelters.named
                  .map(({ name }) => name)
                  .filter(Boolean)
                  .join(', '),
              )
            : nothing
        }
        ${
          facilities?.count
            ? row(
                this.app.layerTitle('facilities'),
                n(facilities.count),
                facilities.named
                  .map(({ name }) => name)
                  .filter(Boolean)
                  .join(', '),
              )
            : nothing
        }
        ${waste_stops ? row(this.app.layerTitle('waste_stops'), n(waste_stops)) : nothing}
        ${row(this.t('cutOff.roads'), length(roads.cut_off_m, lang))}
        ${row(this.t('cutOff.inWater'), length(roads.in_water_m, lang))}
      </dl>
      <details class="cut-off-more">
        <summary>${this.t('cutOff.more')}</summary>
        ${
          roads.by_vehicle.length
            ? html`<div class="scroll" tabindex="0" role="group" aria-label=${this.t('cutOff.wheels')}>
                <table class="numbers">
                  <thead><tr>
                    <th scope="col">${this.t('cutOff.wheels')}</th>
                    <th scope="col" class="num">${this.t('cutOff.passable')}</th>
                    <th scope="col" class="num">${this.t('cutOff.tooDeep')}</th>
                  </tr></thead>
                  <tbody>
                    ${roads.by_vehicle.map(
                      ({ title, wades_m, passable_m, too_deep_m }) => html`<tr>
                        <th scope="row">${this.app.text(title)} <small>${number(wades_m, lang, 2)} ${this.t('unit.m')}</small></th>
                        <td class="num">${length(passable_m, lang)}</td>
                        <td class="num">${length(too_deep_m, lang)}</td>
                      </tr>`,
                    )}
                  </tbody>
                </table>
              </div>`
            : nothing
        }
        ${
          found.communities?.length
            ? html`<dl class="breakdown" aria-label=${this.t('cutOff.title')}>
                ${found.communities.map(({ name, name_en, code, people: of, houses: many }) =>
                  row(
                    (lang === 'en' ? (name_en ?? name) : name) ?? code ?? '–',
                    of
                      ? this.t('cutOff.people', { n: n(of.count) })
                      : this.t('cutOff.houses', { n: n(many ?? 0) }),
                  ),
                )}
              </dl>`
            : nothing
        }
        <ul class="caveats">${answer.caveats.map((each) => html`<li>${each}</li>`)}</ul>
      </details>
      ${proof(this.app, answer)}
      <p class="counted">${this.t('flood.at')} ${dateTime(answer.computed_at, lang, true)} ·
        ${this.t('flood.id')} <code>${answer.id.slice(0, 8)}</code></p>`;
  }
}
