import { html, nothing } from 'lit';
import { problemOf } from '../api/problem.ts';
import type { ImpactAnswer } from '../api/types.ts';
import type { AppState } from '../app/state.ts';
import { question } from '../flood/desk.ts';
import { figures } from '../flood/figures.ts';
import { stageKey, waterName, waterOfKey } from '../flood/names.ts';
import { scenarioLabel, scenarios } from '../flood/zones.ts';
import { dateTime, number } from '../format.ts';
import { gaugeOf } from '../gauges/desk.ts';
import { say } from '../i18n/index.ts';
import { STAGE_LAYER } from '../map/stages.ts';
import { options } from '../ui/options.ts';
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
    'stages',
    'gauge',
    'gauges',
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
    const second = compare ? question(waterOfKey(compare), zones.value) : null;
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
    const { gauge, levels } = this.#library();
    if (floods.length === 0 && levels.length === 0) return nothing;
    return html`<section class="compare" aria-labelledby="compare-title">
      ${levels.length ? this.#stage(gauge, levels) : nothing}
      ${
        impact.value
          ? html`<label id="compare-title"
              >${this.t('compare.with')}
              <select
                name="compare"
                @change=${(event: Event) => {
                  const { value } = event.target as HTMLSelectElement;
                  this.app.store.set({ compare: value || null });
                }}
              >
                ${options(
                  [
                    ['', this.t('compare.none')],
                    ...floods.map(
                      (flood) =>
                        [
                          flood.key,
                          `${say(lang, `flood.kind.${flood.kind}`)} ${scenarioLabel(flood, lang)}`,
                        ] as const,
                    ),
                  ],
                  compare ?? '',
                )}
                ${levels.length ? this.#others(gauge, levels) : nothing}
              </select>
            </label>`
          : html`<span id="compare-title" class="unseen">${this.t('compare.with')}</span>`
      }
      ${this.#problem ? html`<p class="problem" role="alert">${this.#problem}</p>` : nothing}
      ${compare && this.#answer ? this.#sides(this.#answer) : nothing}
    </section>`;
  }

  /** Stages of the chosen gauge that have flood maps; none where they are zones to choose anyway. */
  #library(): { readonly gauge: string; readonly levels: readonly number[] } {
    const { stages } = this.state;
    const gauge = gaugeOf(this.state)?.code ?? '';
    return { gauge, levels: gauge && stages.ofLibrary ? stages.levels : [] };
  }

  /** Any stage may be asked about, whatever is forecast. */
  #stage(gauge: string, levels: readonly number[]) {
    const { water, on, lang } = this.state;
    const now = water?.kind === 'stage' && water.gauge === gauge ? water.stage : null;
    return html`<label
      >${this.t('compare.stage', { gauge })}
      <select
        name="stage"
        @change=${(event: Event) => {
          const { value } = event.target as HTMLSelectElement;
          if (!value) return this.app.flood.choose(null);
          this.app.store.set({ on: new Set([...on, STAGE_LAYER]) });
          this.app.flood.choose({ kind: 'stage', gauge, stage: Number(value) });
        }}
      >
        ${options(
          [
            ['', this.t('compare.noStage')],
            ...levels.map(
              (level) => [level, this.t('flood.stage', { n: number(level, lang, 2) })] as const,
            ),
          ],
          now ?? '',
        )}
      </select>
    </label>`;
  }

  #others(gauge: string, levels: readonly number[]) {
    const { water, compare, lang } = this.state;
    const now = water?.kind === 'stage' && water.gauge === gauge ? water.stage : null;
    return html`<optgroup label=${this.t('compare.stages', { gauge })}>
      ${options(
        levels
          .filter((level) => level !== now)
          .map(
            (level) =>
              [
                stageKey(gauge, level),
                this.t('flood.stage', { n: number(level, lang, 2) }),
              ] as const,
          ),
        compare ?? '',
      )}
    </optgroup>`;
  }

  #sides(answer: ImpactAnswer) {
    const { lang, water, compare } = this.state;
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
              <th scope="col" class="num">${waterName(this.app, water) || this.t('compare.this')}</th>
              <th scope="col" class="num">${(compare && waterName(this.app, waterOfKey(compare))) || this.t('compare.other')}</th>
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
      ${
        answer.caveats.length
          ? html`<ul class="caveats">${answer.caveats.map((each) => html`<li>${each}</li>`)}</ul>`
          : nothing
      }
      ${proof(this.app, answer)}
      <p class="counted">
        ${this.t('flood.at')} ${dateTime(answer.computed_at, lang, true)} · ${this.t('flood.id')}
        <code>${answer.id.slice(0, 8)}</code>
      </p>`;
  }
}
