import { html, nothing } from 'lit';
import type { LegendLayer, RasterEntry } from '../api/types.ts';
import type { AppState } from '../app/state.ts';
import { number } from '../format.ts';
import { hasBasemap } from '../map/compose.ts';
import { age } from './age.ts';
import { icon } from './icons.ts';
import { Part } from './part.ts';
import { swatch } from './swatch.ts';

/** The legend is the layer switch: what each layer looks like, in words, and whether it is on. */
export class Legend extends Part {
  protected readonly watch = [
    'legend',
    'on',
    'counts',
    'view',
    'style',
    'legendOpen',
    'basemap',
    'ground',
    'rasters',
    'map',
  ] as const satisfies (keyof AppState)[];

  protected override render() {
    const { legend, legendOpen } = this.state;
    return html`<section class="legend card" aria-labelledby="legend-title" ?data-closed=${!legendOpen}>
      <div class="card-head">
        <h2 id="legend-title">${this.t('layers.title')}</h2>
        <button
          type="button"
          class="plain fold"
          aria-expanded=${legendOpen}
          aria-controls="legend-list"
          @click=${() => this.app.store.set({ legendOpen: !legendOpen })}
        >
          ${icon(legendOpen ? 'minus' : 'layers')}
          <span class="unseen">${this.t(legendOpen ? 'layers.hide' : 'layers.show')}</span>
        </button>
      </div>
      <ul id="legend-list">
        ${legend.map((entry) => this.#layer(entry))}
        ${this.state.rasters.map((entry) => this.#raster(entry))} ${this.#basemap()}
      </ul>
      ${
        legend.length === 0 && this.state.style.value
          ? html`<p class="empty">${this.t('layers.empty')}</p>`
          : html`<p class="legend-foot">
            <button type="button" class="link" @click=${() => this.app.resetLayers()}>
              ${this.t('layers.reset')}
            </button>
          </p>`
      }
    </section>`;
  }

  #raster({ name, legend, raster }: RasterEntry) {
    const shown = this.state.on.has(raster.id);
    return html`<li data-layer=${raster.id} ?data-off=${!shown}>
      <div class="layer-row">
        <label>
          <input
            type="checkbox"
            .checked=${shown}
            @change=${(event: Event) =>
              this.app.toggleLayer(raster.id, (event.target as HTMLInputElement).checked)}
          />
          <span class="layer-title">${name}</span>
          <span class="layer-count">${this.t('layers.raster')}</span>
        </label>
      </div>
      ${
        shown
          ? html`<ul class="classes">
              ${[...legend].reverse().map(
                ({ color, key, label }) =>
                  html`<li>${swatch({ key, color, kind: 'fill', label: { th: label, en: label } }, {})}
                  ${label}</li>`,
              )}
            </ul>
            <p class="far">${this.t('layers.rasterHelp')}</p>`
          : nothing
      }
    </li>`;
  }

  #basemap() {
    const { ground } = this.state;
    if (!hasBasemap(this.state)) return nothing;
    return html`<li data-layer="basemap" ?data-off=${!ground}>
      <div class="layer-row">
        <label>
          <input
            type="checkbox"
            .checked=${ground}
            @change=${(event: Event) =>
              this.app.ground.show((event.target as HTMLInputElement).checked)}
          />
          <span class="layer-title">${this.t('layers.basemap')}</span>
        </label>
      </div>
    </li>`;
  }

  #layer(entry: LegendLayer) {
    const { on, view, style, map, counts, lang } = this.state;
    const count = counts.get(entry.layer);
    const shown = on.has(entry.layer);
    const shapes = style.value?.metadata?.['muang:shapes'] ?? {};
    const far = map === 'ready' && entry.min_zoom != null && (view?.zoom ?? 99) < entry.min_zoom;
    const [only] = entry.classes;
    const single = entry.classes.length === 1 && only;
    const title = this.app.text(entry.title);
    return html`<li data-layer=${entry.layer} ?data-off=${!shown}>
      <div class="layer-row">
        <label>
          <input
            type="checkbox"
            .checked=${shown}
            @change=${(event: Event) =>
              this.app.toggleLayer(entry.layer, (event.target as HTMLInputElement).checked)}
          />
          ${single ? swatch(single, shapes) : nothing}
          <span class="layer-title">${title}</span>
          ${
            count === undefined
              ? nothing
              : html`<span class="layer-count">${count ? number(count, lang) : this.t('layers.noData')}</span>`
          }
        </label>
        <button
          type="button"
          class="plain"
          title=${this.t('layers.table', { layer: title })}
          aria-label=${this.t('layers.table', { layer: title })}
          @click=${() => this.app.table.open(entry.layer)}
        >
          ${icon('table')}
        </button>
      </div>
      ${shown || entry.freshness?.state === 'stale' ? age(entry.freshness, (words) => this.app.text(words)) : nothing}
      ${shown && far && count !== 0 ? html`<p class="far">${this.t('layers.zoom')}</p>` : nothing}
      ${
        !single && shown && count !== 0
          ? html`<ul class="classes">
            ${entry.classes.map(
              (look) => html`<li>${swatch(look, shapes)} ${this.app.text(look.label)}</li>`,
            )}
          </ul>`
          : nothing
      }
    </li>`;
  }
}
