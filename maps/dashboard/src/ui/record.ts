import { html, nothing } from 'lit';
import type { AppState, Hit, RecordView } from '../app/state.ts';
import { ZONE_LAYER } from '../flood/desk.ts';
import { zonesOf } from '../flood/zones.ts';
import { nameOf } from '../map/pick.ts';
import { bboxOf } from '../map/tiles.ts';
import { type Line, lines } from '../record/values.ts';
import { icon } from './icons.ts';
import { Part } from './part.ts';

/** The record of one feature, and the list of what else lies at the same spot. */
export class RecordPanel extends Part {
  protected readonly watch = [
    'record',
    'recordView',
    'hits',
    'legend',
    'water',
    'zones',
  ] as const satisfies (keyof AppState)[];

  #opened = false;

  protected override stateChanged(now: AppState, before: AppState): void {
    const opened = now.record && !before.record;
    // from a list or a table the reader's place moves to the record; a click on the map stays there
    const { activeElement } = document;
    const asked = activeElement !== document.body && !(activeElement instanceof HTMLCanvasElement);
    if (opened && asked) this.#opened = true;
  }

  protected override updated(): void {
    if (!this.#opened) return;
    this.#opened = false;
    this.querySelector<HTMLElement>('h2')?.focus();
  }

  protected override render() {
    const { record, recordView, hits } = this.state;
    this.toggleAttribute('data-open', record !== null);
    if (!record) return nothing;
    const { value, problem, loading } = recordView;
    return html`<section
      class="record card"
      aria-labelledby="record-title"
      aria-busy=${loading}
      @keydown=${(event: KeyboardEvent) => {
        if (event.key === 'Escape') this.#close();
      }}
    >
      <div class="card-head">
        <div>
          <p class="kicker">${this.app.layerTitle(record.layer)}</p>
          <h2 id="record-title" tabindex="-1">
            ${value ? this.#name(value) : this.t('record.title')}
          </h2>
        </div>
        <button
          type="button"
          class="plain"
          aria-label=${this.t('record.close')}
          title=${this.t('record.close')}
          @click=${() => this.#close()}
        >
          ${icon('close')}
        </button>
      </div>
      ${hits.length > 1 ? this.#hits(hits) : nothing}
      ${
        problem
          ? html`<p class="problem" role="alert">
            ${icon('warn')}
            ${
              problem.status === 404
                ? this.t(this.state.me.value?.authenticated ? 'record.gone' : 'record.goneOrHidden')
                : (problem.detail ?? this.t('error.network'))
            }
            ${
              problem.status === 404
                ? nothing
                : html`<button type="button" class="link" @click=${() => this.app.record.refresh()}>
                  ${this.t('app.retry')}
                </button>`
            }
          </p>`
          : nothing
      }
      ${!value && loading ? html`<p class="empty">${this.t('record.loading')}</p>` : nothing}
      ${value ? this.#body(record.layer, value) : nothing}
    </section>`;
  }

  #name({ feature }: RecordView): string {
    const name = nameOf(feature.properties);
    return name || `#${feature.id}`;
  }

  #close(): void {
    this.app.record.close();
    document.querySelector<HTMLElement>('.maplibregl-canvas')?.focus({ preventScroll: true });
  }

  #hits(hits: readonly Hit[]) {
    const { record } = this.state;
    return html`<div class="hits">
      <h3 id="hits-title">${this.t('record.here', { n: hits.length })}</h3>
      <ul aria-labelledby="hits-title">
        ${hits.map((hit) => {
          const open = hit.layer === record?.layer && hit.id === record.id;
          return html`<li>
            <button
              type="button"
              aria-current=${open ? 'true' : 'false'}
              data-hit=${hit.layer}
              @click=${() => this.app.pickOne(hit)}
            >
              <span>${this.app.layerTitle(hit.layer)}</span> <b>${hit.hint || `#${hit.id}`}</b>
            </button>
          </li>`;
        })}
      </ul>
    </div>`;
  }

  #body(layer: string, { feature, schema }: RecordView) {
    const { own, system } = lines(feature.properties, schema.properties, this.state.lang);
    const blank = own.filter(({ value }) => value === null).map(({ title }) => title);
    const box = bboxOf(feature.geometry);
    return html`
      <div class="record-actions">
        ${layer === ZONE_LAYER ? this.#zoneAction(Number(feature.id)) : nothing}
        ${
          box && this.app.map
            ? html`<button type="button" class="chip-button" @click=${() => this.app.map?.flyTo(box)}>
              ${icon('fly')}<span>${this.t('record.fly')}</span>
            </button>`
            : nothing
        }
        <muang-dossier .app=${this.app}></muang-dossier>
      </div>
      <muang-clash .app=${this.app}></muang-clash>
      <muang-quick .app=${this.app}></muang-quick>
      <dl class="fields">${own.map((line) => this.#line(line))}</dl>
      ${
        blank.length
          ? html`<p class="blank">${this.t('record.blank', { fields: blank.join(', ') })}</p>`
          : nothing
      }
      <details class="about">
        <summary>${this.t('record.system')}</summary>
        <dl class="fields">${system.map((line) => this.#line(line))}</dl>
      </details>
    `;
  }

  #line({ name, title, description, value }: Line) {
    if (!value) return nothing;
    return html`<div data-field=${name}>
      <dt title=${description ?? nothing}>${title}</dt>
      <dd>
        ${value.text} ${value.also ? html`<span class="also">${value.also}</span>` : nothing}
      </dd>
    </div>`;
  }

  #zoneAction(id: number) {
    const { water, zones } = this.state;
    const used = (zonesOf(water, zones.value) ?? []).some((zone) => zone.id === id);
    return used
      ? html`<p class="using">${icon('check')} ${this.t('record.using')}</p>`
      : html`<button
          type="button"
          class="primary"
          @click=${() => this.app.flood.chooseFeature(String(id))}
        >
          ${this.t('record.useZone')}
        </button>`;
  }
}
