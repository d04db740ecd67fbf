import { html, nothing } from 'lit';
import { createRef, type Ref, ref } from 'lit/directives/ref.js';
import type { BBox } from '../api/types.ts';
import type { AppState } from '../app/state.ts';
import { length } from '../format.ts';
import { begin, cancel, corner, finish, undo } from '../map/draw.ts';
import { scaleBar } from '../map/scale.ts';
import type { TownMap } from '../map/town-map.ts';
import { icon } from './icons.ts';
import { Part } from './part.ts';

const SCALE_PX = 110;
/** Where a town without any data yet begins. */
const THAILAND: BBox = [97.3, 5.6, 105.7, 20.5];

/** The map with its own few controls, and words where a map cannot be. */
export class MapView extends Part {
  protected readonly watch = [
    'map',
    'mapReason',
    'view',
    'drawing',
    'me',
    'style',
    'basemap',
    'spot',
  ] as const satisfies (keyof AppState)[];
  readonly #ground: Ref<HTMLElement> = createRef();
  #starting = false;
  /** The map itself, for tests and for the curious. */
  town: TownMap | null = null;

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.town?.remove();
    this.town = null;
    this.app.map = null;
  }

  protected override updated(): void {
    void this.#start();
    const canvas = this.town?.map.getCanvas();
    if (canvas) {
      canvas.setAttribute('aria-label', this.t('map.label'));
      canvas.setAttribute('role', 'application');
    }
  }

  async #start(): Promise<void> {
    const { me, style, map } = this.state;
    const ground = this.#ground.value;
    if (this.#starting || !ground || !me.value || !style.value || map !== 'loading') return;
    this.#starting = true;
    try {
      const { TownMap } = await fetchMap();
      this.town = new TownMap(this.app, ground, style.value, me.value.town.bounds ?? THAILAND);
      this.app.map = this.town;
    } catch (error) {
      // asked only now: a test canvas costs most of a second where graphics are drawn in software
      this.app.store.set(
        hasWebgl() ? { map: 'failed', mapReason: String(error) } : { map: 'unsupported' },
      );
    }
  }

  protected override render() {
    const { map, drawing } = this.state;
    const usable = map === 'ready' || map === 'loading';
    return html`<section
      id="map"
      class="map"
      data-map=${map}
      ?data-drawing=${drawing !== null}
      aria-label=${this.t('tab.map')}
      aria-busy=${map === 'loading'}
    >
      <div class="ground" ${ref(this.#ground)} ?hidden=${!usable && map !== 'lost'}></div>
      <div class="cross" aria-hidden="true"></div>
      ${usable ? this.#controls() : this.#words()}
      ${map === 'loading' ? html`<p class="map-wait" role="status">${this.t('map.loading')}</p>` : nothing}
      ${drawing ? this.#drawBar(drawing.length) : this.#spot()} ${usable ? this.#foot() : nothing}
    </section>`;
  }

  #controls() {
    const { drawing } = this.state;
    const button = (
      name: Parameters<typeof icon>[0],
      label: string,
      act: () => void,
      pressed?: boolean,
    ) => html`<button
      type="button"
      aria-label=${label}
      title=${label}
      aria-pressed=${pressed === undefined ? nothing : pressed}
      @click=${act}
    >
      ${icon(name)}
    </button>`;
    return html`<div class="controls">
      ${button('plus', this.t('map.in'), () => this.app.map?.zoomBy(1))}
      ${button('minus', this.t('map.out'), () => this.app.map?.zoomBy(-1))}
      ${button('home', this.t('map.home'), () => this.app.map?.home())}
      ${button(
        'draw',
        this.t('map.draw'),
        () => {
          if (drawing) return cancel(this.app);
          begin(this.app);
          this.app.map?.focus();
        },
        drawing !== null,
      )}
    </div>`;
  }

  #drawBar(corners: number) {
    const app = this.app;
    return html`<div class="draw-bar card" role="group" aria-label=${this.t('draw.title')}
      @keydown=${(event: KeyboardEvent) => {
        if (event.key === 'Escape') cancel(app);
      }}>
      <p>
        <b>${this.t('draw.title')}</b> ${this.t('draw.help')}
        <span class="keys">${this.t('draw.helpKeys')}</span>
      </p>
      <div class="draw-actions">
        <span role="status">${this.t('draw.points', { n: corners })}</span>
        <button type="button" class="chip-button" @click=${() => app.map && corner(app, app.map.centre())}>
          ${icon('plus')}<span>${this.t('draw.add')}</span>
        </button>
        <button type="button" class="chip-button" ?disabled=${corners === 0} @click=${() => undo(app)}>
          ${icon('undo')}<span>${this.t('draw.undo')}</span>
        </button>
        <button type="button" class="primary" ?disabled=${corners < 3} @click=${() => finish(app)}>
          ${this.t('draw.finish')}
        </button>
        <button type="button" class="chip-button" @click=${() => cancel(app)}>
          ${this.t('draw.cancel')}
        </button>
      </div>
    </div>`;
  }

  /** What the rasters say of the place last asked about. */
  #spot() {
    const { spot } = this.state;
    return html`<div class="spot-wrap" role="status">
      ${
        spot
          ? html`<div class="spot card">
              <dl>
                ${spot.values.map(({ title, text }) => html`<dt>${title}</dt><dd>${text}</dd>`)}
              </dl>
              <button
                type="button"
                class="plain"
                aria-label=${this.t('map.spotClose')}
                title=${this.t('map.spotClose')}
                @click=${() => {
                  this.app.ground.close();
                  this.app.map?.focus();
                }}
              >
                ${icon('close')}
              </button>
            </div>`
          : nothing
      }
    </div>`;
  }

  #words() {
    const { map, mapReason } = this.state;
    const said =
      map === 'unsupported'
        ? this.t('map.noWebgl')
        : map === 'lost'
          ? this.t('map.lost')
          : this.t('map.failed', { reason: mapReason });
    return html`<div class="map-words" role="alert">
      ${icon('warn')}
      <p><b>${said}</b></p>
      ${
        map === 'lost'
          ? nothing
          : html`<p>${this.t('map.noWebglHelp')}</p>
            <button
              type="button"
              class="primary"
              @click=${() => this.app.table.open(this.app.tableLayers()[0]?.id ?? 'parcels')}
            >
              ${this.t('map.openTables')}
            </button>`
      }
    </div>`;
  }

  #foot() {
    const { view, me, lang, basemap } = this.state;
    const osm = basemap?.metadata['muang:osm'];
    const bar = view && scaleBar(view.lat, view.zoom, SCALE_PX);
    const town = me.value?.town;
    return html`<div class="map-foot">
      ${
        bar
          ? html`<svg class="scale" width=${Math.round(bar.pixels) + 2} height="22" aria-hidden="true">
              <path d="M1 13v6h${Math.round(bar.pixels)}v-6" />
            </svg>
            <span>${length(bar.metres, lang)}</span>`
          : nothing
      }
      ${
        town
          ? html`<span class="credit"
            >${this.t('map.credit', { town: this.app.text(town.name) })}${
              town.synthetic ? html`<span class="kind"> · ${this.t('map.source')}</span>` : ''
            }${osm ? html`<span class="osm"> · ${this.app.text(osm)}</span>` : ''}</span
          >`
          : nothing
      }
    </div>`;
  }
}

/** MapLibre is most of the page: its download starts while the town is asked for. */
let fetched: Promise<typeof import('../map/town-map.ts')> | null = null;

export function fetchMap(): Promise<typeof import('../map/town-map.ts')> {
  fetched ??= import('../map/town-map.ts');
  return fetched;
}

function hasWebgl(): boolean {
  try {
    return document.createElement('canvas').getContext('webgl2') !== null;
  } catch {
    return false;
  }
}
