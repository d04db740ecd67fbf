import { html, nothing } from 'lit';
import { linkOf } from '../app/app.ts';
import type { Leaving } from '../app/leaving.ts';
import type { AppState, Section } from '../app/state.ts';
import { readUrl, writeUrl } from '../app/url.ts';
import { icon } from './icons.ts';
import { Part } from './part.ts';

/** A map that takes this long to draw does not keep the desk waiting. */
const LATEST_MS = 10_000;

/** The page: header, map with legend and record, flood panel, table; on a phone one at a time. */
export class Shell extends Part {
  protected readonly watch = [
    'me',
    'followed',
    'leaving',
    'account',
    'section',
    'tableLayer',
    'record',
    'view',
    'on',
    'water',
    'legend',
    'map',
    'desk',
    'at',
    'gauge',
    'kpi',
    'incident',
    'compare',
    'event',
    'ask',
    'board',
    'gauges',
    'incidents',
  ] as const satisfies (keyof AppState)[];

  protected override firstUpdated(): void {
    this.addEventListener('keydown', (event) => this.#skip(event));
    addEventListener('popstate', () => this.app.follow(readUrl(location.hash)));
    addEventListener('hashchange', () => this.app.follow(readUrl(location.hash)));
  }

  protected override stateChanged(now: AppState, before: AppState): void {
    document.documentElement.lang = now.lang;
    const town = now.me.value?.town;
    if (town) document.title = this.t('app.title', { town: this.app.text(town.name) });
    if (now.followed) this.#link(now, before);
    // the first useful map comes before everything else, unless it keeps everything waiting
    if (now.followed && now.map !== 'loading') void this.app.openDesk();
    if (now.followed && !before.followed) setTimeout(() => void this.app.openDesk(), LATEST_MS);
  }

  /** A step a person took can be taken back; moving the map only keeps the link current. */
  #link(now: AppState, before: AppState): void {
    const link = writeUrl(linkOf(now));
    if (link === location.hash || decodeURI(link) === decodeURI(location.hash)) return;
    const asked = JSON.stringify(readUrl(location.hash));
    if (asked === JSON.stringify(readUrl(link))) return;
    const step =
      before.followed &&
      ((now.water !== before.water && before.water !== null) ||
        now.record !== before.record ||
        now.kpi !== before.kpi ||
        now.incident !== before.incident ||
        now.event !== before.event ||
        now.ask !== before.ask ||
        now.board !== before.board ||
        now.tableLayer !== before.tableLayer);
    if (step) history.pushState(null, '', link);
    else history.replaceState(null, '', link);
  }

  #skip(event: KeyboardEvent): void {
    if (event.key === 'Escape' && this.state.drawing) this.app.store.set({ drawing: null });
  }

  protected override render() {
    const { me, section, tableLayer, record, leaving, account, board } = this.state;
    const { app } = this;
    if (leaving) return this.#leaving(leaving);
    if (!me.value) return this.#opening();
    return html`
      <nav class="skips">
        <a href="#map" @click=${(event: Event) => this.#jump(event, '.maplibregl-canvas')}
          >${this.t('app.skip')}</a
        >
        <a href="#flood" @click=${(event: Event) => this.#jump(event, '#flood h2')}
          >${this.t('app.skipPanel')}</a
        >
      </nav>
      <muang-header .app=${app}></muang-header>
      <muang-kpis .app=${app} data-room=${room(this.state)}></muang-kpis>
      <main
        data-section=${section}
        ?data-watch=${watches(this.state)}
        ?data-table=${tableLayer !== null}
        ?data-record=${record !== null}
      >
        <muang-map .app=${app}></muang-map>
        <muang-legend .app=${app}></muang-legend>
        <muang-record .app=${app}></muang-record>
 
        <div class="side">
        <muang-watch .app=${app}></muang-watch>
        <section id="flood" class="flood" aria-labelledby="flood-title">
          <h2 id="flood-title" tabindex="-1">${this.t('flood.title')}</h2>
          <muang-zones .app=${app}></muang-zones>
          <muang-impact .app=${app}></muang-impact>
          <muang-cut-off .app=${app}></muang-cut-off>
          <muang-compare .app=${app}></muang-compare>
          <muang-ask .app=${app}></muang-ask>
        </section>
        </div>
        <muang-table .app=${app}></muang-table>
        ${board ? html`<muang-boards .app=${app}></muang-boards>` : nothing}
      </main>
      <muang-time .app=${app}></muang-time>
      <nav class="tabs" aria-label=${this.t('app.sections')}>
        ${watches(this.state) ? this.#tab('watch', 'eye') : nothing} ${this.#tab('flood', 'water')} ${this.#tab('layers', 'layers')}
        ${this.#tab('table', 'table')}
      </nav>
      <muang-event .app=${app}></muang-event>
      <muang-toasts .app=${app}></muang-toasts>
      ${account ? html`<muang-account .app=${app}></muang-account>` : nothing}
    `;
  }

  #jump(event: Event, selector: string): void {
    event.preventDefault();
    document.querySelector<HTMLElement>(selector)?.focus();
  }

  #tab(section: Section, name: Parameters<typeof icon>[0]) {
    return html`<button
      type="button"
      aria-current=${this.state.section === section ? 'page' : 'false'}
      @click=${() => this.#show(section)}
    >
      ${icon(name)}<span>${this.t(`tab.${section}`)}</span>
    </button>`;
  }

  #show(section: Section): void {
    const { record, tableLayer, board } = this.state;
    if (record) this.app.record.close();
    if (section === 'table' && !tableLayer && !board) {
      this.app.table.open(this.app.tableLayers()[0]?.id ?? 'parcels');
    } else {
      this.app.store.set({ section });
    }
  }

  /** For the moment until the page begins anew; the header says it again and lets go on. */
  #leaving(why: Leaving) {
    return html`<div class="opening" role="alert" data-left=${why}>
      <img src="/assets/icon.svg" alt="" width="56" height="56" />
      <h1>${this.t(`left.${why}`)}</h1>
      <p>${this.t(`left.${why}Help`)}</p>
    </div>`;
  }

  #opening() {
    const { problem } = this.state.me;
    return html`<div class="opening" role=${problem ? 'alert' : 'status'}>
      <img src="/assets/icon.svg" alt="" width="56" height="56" />
      ${
        problem
          ? html`<h1>${this.t('app.down')}</h1>
            <p>${problem.detail ?? this.t('app.downHelp')}</p>
            ${problem.detail ? html`<p>${this.t('app.downHelp')}</p>` : nothing}`
          : html`<p>${this.t('app.loading')}</p>`
      }
    </div>`;
  }
}

/** Layers that a figure of the desk counts, beside the people in the water. */
const COUNTED = ['gauges', 'care_locations', 'shelters', 'incidents', 'closures'];

/** How many figures the desk will have for this caller: their place is kept until it comes. */
function room({ me }: Readonly<AppState>): number {
  const layers = me.value?.layers ?? [];
  return 1 + COUNTED.filter((layer) => layers.includes(layer)).length;
}

/**
 * Whether there is anything to watch; without, a phone has no tab for it. Until that is known it is
 * what the caller may see, so that nothing moves when it comes.
 */
function watches({ me, gauges, incidents }: Readonly<AppState>): boolean {
  const may = (layer: string) => me.value?.layers.includes(layer) ?? false;
  return (
    may('incidents') ||
    Boolean(incidents.value) ||
    (gauges.value?.length ?? Number(may('gauges'))) > 0
  );
}
