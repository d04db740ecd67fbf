import { html, nothing, type PropertyDeclarations } from 'lit';
import type { ImpactAnswer, LayerSchema } from '../api/types.ts';
import type { AppState } from '../app/state.ts';
import { ZONE_LAYER } from '../flood/desk.ts';
import {
  absent,
  type Breakdown,
  exposures,
  type Figure,
  figures,
  type Need,
  type Words,
} from '../flood/figures.ts';
import { waterName } from '../flood/names.ts';
import { zonesOf } from '../flood/zones.ts';
import { dateTime, floodArea, number, span } from '../format.ts';
import { depthBar, dot } from './depth-bar.ts';
import { icon } from './icons.ts';
import { Part } from './part.ts';
import { proof } from './proof.ts';

/** Who and what the chosen water touches: people and houses first, with the proof below. */
export class Impact extends Part {
  static override properties: PropertyDeclarations = {
    ...Part.properties,
    asTable: { state: true },
  };
  declare asTable: boolean;
  protected readonly watch = [
    'impact',
    'map',
    'water',
    'zones',
    'legend',
    'impactBefore',
  ] as const satisfies (keyof AppState)[];
  #schemas = new Map<string, LayerSchema>();
  #schemasOf = '';

  constructor() {
    super();
    this.asTable = false;
  }

  protected override stateChanged(now: AppState, before: AppState): void {
    const answer = now.impact.value;
    if (!answer || (answer === before.impact.value && now.lang === before.lang)) return;
    void this.#fetchLabels(answer);
    this.#speak(answer, now.impactBefore === null);
  }

  /** Words for uses, kinds and bands come from the layers' own schemas. */
  async #fetchLabels(answer: ImpactAnswer): Promise<void> {
    const { lang } = this.state;
    const layers = [...exposures(answer)]
      .filter(([, { by_class }]) => by_class)
      .map(([key]) => key);
    const asked = ['flood_zones', ...layers];
    const found = await Promise.allSettled(asked.map((layer) => this.app.api.schema(layer, lang)));
    if (lang !== this.state.lang) return;
    this.#schemasOf = lang;
    this.#schemas.clear();
    for (const [place, one] of found.entries()) {
      if (one.status === 'fulfilled') this.#schemas.set(asked[place] ?? '', one.value);
    }
    this.requestUpdate();
  }

  #speak(answer: ImpactAnswer, asked: boolean): void {
    const { lang } = this.state;
    const { people, houses } = answer.exposed;
    const name = this.#name();
    this.app.announce(
      typeof people?.count === 'number' && typeof houses?.count === 'number'
        ? this.t('flood.spoken', {
            name,
            people: number(people.count, lang),
            houses: number(houses.count, lang),
          })
        : this.t('flood.spokenShort', { name, n: exposures(answer).size }),
      asked,
    );
  }

  #words(): Words {
    const { lang } = this.state;
    return {
      lang,
      layer: (id) => this.app.layerTitle(id),
      sees: (id) => this.state.me.value?.layers.includes(id) ?? true,
      classLabel: (layer, value) => {
        if (value === 'unknown' && layer !== 'flood_zones') return this.t('flood.notStated');
        const schema = this.#schemasOf === lang ? this.#schemas.get(layer) : undefined;
        for (const field of Object.values(schema?.properties ?? {})) {
          const label = field['x-enumLabels']?.[value];
          if (label) return label;
        }
        return value;
      },
    };
  }

  #name(): string {
    return waterName(this.app, this.state.water);
  }

  protected override render() {
    const { water, impact } = this.state;
    return html`<section class="impact" aria-labelledby="impact-title" aria-busy=${impact.loading}>
      ${
        water
          ? this.#answer()
          : html`<p class="empty hint">${icon('water')} ${this.t('flood.hint')}</p>`
      }
    </section>`;
  }

  #answer() {
    const { impact, impactBefore, lang } = this.state;
    const { value: answer, problem } = impact;
    return html`
      <div class="impact-head">
        <h3 id="impact-title" ?hidden=${!this.#name()}>${this.#name()}</h3>
        ${this.#zoomButton()}
        ${answer ? this.#switch() : nothing}
      </div>
      ${
        problem
          ? html`<p class="problem" role="alert">
            ${icon('warn')}
            ${problem.status === 0 ? this.t('error.network') : (problem.detail ?? problem.title)}
            <button type="button" class="link" @click=${() => this.app.flood.recount()}>
              ${this.t('app.retry')}
            </button>
          </p>`
          : nothing
      }
      ${this.#isGone() ? html`<p class="empty">${this.t('flood.gone')}</p>` : nothing}
      ${!answer && impact.loading ? this.#waiting() : nothing}
      ${
        answer
          ? html`${this.#area(answer)}
          ${this.asTable ? this.#table(answer) : this.#cards(answer, impactBefore)}
          ${this.#absent(answer)} ${this.#caveats(answer)} ${proof(this.app, answer)}
          <p class="counted">
            ${this.t('flood.at')} ${dateTime(answer.computed_at, lang, true)} ·
            ${this.t('live.ago', { age: span((Date.now() - Date.parse(answer.computed_at)) / 1000, lang) })} ·
            ${this.t('flood.id')} <code>${answer.id.slice(0, 8)}</code>
            <button type="button" class="link" @click=${() => this.app.flood.recount()}>
              ${this.t('flood.recount')}
            </button>
          </p>`
          : nothing
      }
    `;
  }

  /** A link may name a flood that has since been taken out. */
  #isGone(): boolean {
    const { water, zones } = this.state;
    return water?.kind === 'flood' && zonesOf(water, zones.value)?.length === 0;
  }

  async #show(): Promise<void> {
    const box = await this.app.flood.box();
    if (box) this.app.map?.flyTo(box);
  }

  #zoomButton() {
    return this.state.map === 'ready' && !this.#isGone()
      ? html`<button
          type="button"
          class="plain"
          title=${this.t('flood.zoom')}
          aria-label=${this.t('flood.zoom')}
          @click=${() => this.#show()}
        >
          ${icon('fly')}
        </button>`
      : nothing;
  }

  #switch() {
    const option = (table: boolean, label: string) => html`<button
      type="button"
      aria-pressed=${this.asTable === table}
      @click=${() => {
        this.asTable = table;
      }}
    >
      ${label}
    </button>`;
    return html`<div class="switch" role="group">
      ${option(false, this.t('flood.cards'))} ${option(true, this.t('flood.table'))}
    </div>`;
  }

  #waiting() {
    return html`<div class="waiting" role="status">
      <span class="unseen">${this.t('flood.working')}</span>
      <i></i><i></i><i></i><i></i>
    </div>`;
  }

  #area(answer: ImpactAnswer) {
    const { rai, km2 } = floodArea(answer.flood.area_m2, this.state.lang);
    return html`<p class="flood-area">
      ${this.t('flood.area')} <b>${rai}</b> <span>(${km2})</span>
    </p>`;
  }

  #cards(answer: ImpactAnswer, before: ImpactAnswer | null) {
    return html`<ul class="figures">
      ${figures(answer, this.#words()).map((figure) => this.#card(figure, before))}
    </ul>`;
  }

  #card(figure: Figure, before: ImpactAnswer | null) {
    const { lang } = this.state;
    const was = before && exposures(before).get(figure.key)?.count;
    const change = figure.count !== null && typeof was === 'number' ? figure.count - was : 0;
    return html`<li class="figure" data-kpi=${figure.key} ?data-none=${figure.count === 0}>
      <div class="figure-top">
        <span class="figure-label">${figure.label}</span>
        <data class="figure-value" value=${figure.count ?? ''}>${figure.headline}</data>
        ${
          change
            ? html`<span class="delta"
              >${change > 0 ? '▲ +' : '▼ −'}${number(Math.abs(change), lang)}</span
            >`
            : nothing
        }
      </div>
      ${
        figure.details.length
          ? html`<p class="figure-details">${figure.details.join(' · ')}</p>`
          : nothing
      }
      ${figure.suppressed ? html`<p class="figure-details">${this.t('flood.suppressed')}</p>` : nothing}
      ${figure.breakdowns.map((breakdown) => this.#breakdown(figure, breakdown))}
      ${figure.needs?.length ? this.#needs(figure.needs) : nothing}
    </li>`;
  }

  /** What the displaced need, folded: a table to be read when it is being packed. */
  #needs(needs: readonly Need[]) {
    return html`<details class="needs">
      <summary>${this.t('flood.needs', { n: needs.length })}</summary>
      <dl class="breakdown">
        ${needs.map(({ name, amount }) => html`<div><dt>${name}</dt><dd>${amount}</dd></div>`)}
      </dl>
    </details>`;
  }

  #breakdown(figure: Figure, { by, title, parts }: Breakdown) {
    const { lang, legend } = this.state;
    const zones = legend.find(({ layer }) => layer === ZONE_LAYER)?.classes ?? [];
    const look = (code: string) => zones.find(({ key }) => key === code);
    const deep = by === 'by_depth';
    return html`${deep ? depthBar(parts, look) : nothing}
      <dl class="breakdown" aria-label="${figure.label} ${title}">
        ${parts.map(
          ({ code, label, value }) => html`<div>
            <dt>${deep ? dot(look(code)) : nothing}${label}</dt>
            <dd>${number(value, lang)}</dd>
          </div>`,
        )}
      </dl>`;
  }

  #table(answer: ImpactAnswer) {
    const { lang } = this.state;
    return html`<div class="scroll" tabindex="0" role="group" aria-label=${this.t('flood.table')}>
      <table class="numbers">
        <caption class="unseen">
          ${this.t('flood.title')} ${this.#name()}
        </caption>
        <thead>
          <tr>
            <th scope="col">${this.t('flood.group')}</th>
            <th scope="col" class="num">${this.t('flood.count')}</th>
            <th scope="col">${this.t('flood.more')}</th>
          </tr>
        </thead>
        <tbody>
          ${figures(answer, this.#words()).map(
            (figure) => html`<tr data-kpi-row=${figure.key}>
              <th scope="row">${figure.label}</th>
              <td class="num">${figure.headline}</td>
              <td>
                ${[
                  ...figure.details,
                  ...figure.breakdowns.map(({ parts }) =>
                    parts.map(({ label, value }) => `${label} ${number(value, lang)}`).join(', '),
                  ),
                  ...(figure.needs ?? []).map(({ name, amount }) => `${name} ${amount}`),
                ].join(' · ')}
              </td>
            </tr>`,
          )}
        </tbody>
      </table>
    </div>`;
  }

  #absent(answer: ImpactAnswer) {
    const missing = absent(answer, this.#words());
    return missing.length
      ? html`<p class="absent">${this.t('flood.absent', { layers: missing.join(', ') })}</p>`
      : nothing;
  }

  #caveats(answer: ImpactAnswer) {
    return answer.caveats.length
      ? html`<div class="caveats">
          <h4>${icon('warn')} ${this.t('flood.caveats')}</h4>
          <ul>
            ${answer.caveats.map((caveat) => html`<li>${caveat}</li>`)}
          </ul>
        </div>`
      : nothing;
  }
}
