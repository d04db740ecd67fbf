import { html, nothing } from 'lit';
import { problemOf } from '../api/problem.ts';
import type { ImpactAnswer } from '../api/types.ts';
import type { AppState } from '../app/state.ts';
import { question } from '../flood/desk.ts';
import { figures } from '../flood/figures.ts';
import { scenarioLabel, scenarios } from '../flood/zones.ts';
import { number } from '../format.ts';
import { say } from '../i18n/index.ts';
import { proof } from '../ui/proof.ts';
import { DeskPart } from './part.ts';

/** Two waters side by side: the same figures for both, and how far they are apart. */
export class Compare extends DeskPart {
  protected readonly watch = [
    'water',
    'zones',
    'impact',
    'compare',
    'legend',
  ] as const satisfies (keyof AppState)[];
  #answer: ImpactAnswer | null = null;
  #of = '';
  #problem = '';

  protected override stateChanged(now: AppState): void {
    const of =
      now.compare && now.impact.value ? `${now.compare} ${now.impact.value.id} ${now.lang}` : '';
    if (of === this.#of) return;
    this.#of = of;
    if (of) void this.#ask(of);
    else this.#answer = null;
  }

  protected override firstUpdated(): void {
    this.stateChanged(this.state);
  }

  async #ask(of: string): Promise<void> {
    const { water, compare, zones, lang } = this.state;
    const first = water && question(water, zones.value);
    const second = compare ? question({ kind: 'flood', key: compare }, zones.value) : null;
    if (!first || !second) return;
    const { http, asOf } = this.app.api;
    try {
      const answer = await http.json<ImpactAnswer>('/queries/impact', {
        lang,
        method: 'POST',
        body: { flood: first, compare: { flood: second }, ...(asOf ? { as_of: asOf } : {}) },
      });
      if (this.#of !== of) return;
      this.#answer = answer;
      this.#problem = '';
    } catch (error) {
      if (this.#of !== of) return;
      this.#answer = null;
      this.#problem = problemOf(error).detail ?? this.t('error.network');
    }
    this.requestUpdate();
  }

  protected override render() {
    const { zones, compare, impact, water, lang } = this.state;
    const floods = scenarios(zones.value ?? []).filter(
      ({ key }) => !(water?.kind === 'flood' && water.key === key),
    );
    if (!impact.value || floods.length === 0) return nothing;
    return html`<section class="compare" aria-labelledby="compare-title">
      <label id="compare-title"
        >${this.t('compare.with')}
        <select
          @change=${(event: Event) => {
            const { value } = event.target as HTMLSelectElement;
            this.app.store.set({ compare: value || null });
          }}
        >
          <option value="">${this.t('compare.none')}</option>
          ${floods.map(
            (flood) => html`<option value=${flood.key} ?selected=${flood.key === compare}>
              ${say(lang, `flood.kind.${flood.kind}`)} ${scenarioLabel(flood, lang)}
            </option>`,
          )}
        </select>
      </label>
      ${this.#problem ? html`<p class="problem" role="alert">${this.#problem}</p>` : nothing}
      ${compare && this.#answer ? this.#sides(this.#answer) : nothing}
    </section>`;
  }

  #sides(answer: ImpactAnswer) {
    const { lang } = this.state;
    const { compared } = answer;
    if (!compared) return nothing;
    const words = {
      lang,
      layer: (id: string) => this.app.layerTitle(id),
      sees: () => true,
      classLabel: (_: string, value: string) => value,
    };
    const first = figures(answer, words);
    const second = new Map(
      figures({ ...answer, ...compared } as ImpactAnswer, words).map((each) => [each.key, each]),
    );
    return html`<div class="scroll" tabindex="0" role="group" aria-labelledby="compare-title">
        <table class="numbers">
          <thead>
            <tr>
              <th scope="col">${this.t('flood.group')}</th>
              <th scope="col" class="num">${this.t('compare.this')}</th>
              <th scope="col" class="num">${this.t('compare.other')}</th>
              <th scope="col" class="num">${this.t('compare.apart')}</th>
            </tr>
          </thead>
          <tbody>
            ${first.map((each) => {
              const other = second.get(each.key);
              const apart =
                each.count !== null && other?.count != null ? other.count - each.count : null;
              return html`<tr data-compare=${each.key}>
                <th scope="row">${each.label}</th>
                <td class="num">${each.headline}</td>
                <td class="num">${other?.headline ?? '–'}</td>
                <td class="num">${apart === null ? '–' : `${apart > 0 ? '+' : ''}${number(apart, lang)}`}</td>
              </tr>`;
            })}
          </tbody>
        </table>
      </div>
      ${proof(this.app, answer)}`;
  }
}
