import { html, nothing, type PropertyDeclarations } from 'lit';
import { problemOf } from '../api/problem.ts';
import type { AppState } from '../app/state.ts';
import { icon } from '../ui/icons.ts';
import { DeskPart } from './part.ts';

const REST_MS = 220;
const LEAST = 2;
const MOST = 12;

interface Found {
  readonly layer: string;
  readonly layer_title: string;
  readonly id: number;
  readonly field_title: string;
  readonly value: string;
  readonly lon: number | null;
  readonly lat: number | null;
}

/** Finds a place by code, name or address, misspelt Thai too: a combobox with a list (ARIA 1.2). */
export class Search extends DeskPart {
  static override properties: PropertyDeclarations = {
    ...DeskPart.properties,
    found: { state: true },
    chosen: { state: true },
    said: { state: true },
  };
  declare found: readonly Found[];
  declare chosen: number;
  declare said: string;
  protected readonly watch = ['me'] as const satisfies (keyof AppState)[];
  #timer: ReturnType<typeof setTimeout> | null = null;
  #asking: AbortController | null = null;

  constructor() {
    super();
    this.found = [];
    this.chosen = -1;
    this.said = '';
  }

  protected override stateChanged(now: AppState, before: AppState): void {
    if (now.lang !== before.lang || now.leaving) this.#clear();
  }

  protected override render() {
    const open = this.found.length > 0;
    return html`<div
      class="search"
      role="search"
      @focusout=${(event: FocusEvent) => {
        if (!this.contains(event.relatedTarget as Node | null)) this.#clear();
      }}
    >
      <label>
        <span class="unseen">${this.t('search.label')}</span>
        ${icon('search')}
        <input
          type="text"
          role="combobox"
          aria-expanded=${open}
          aria-controls="search-list"
          aria-autocomplete="list"
          aria-activedescendant=${this.chosen >= 0 ? `search-${this.chosen}` : nothing}
          autocomplete="off"
          spellcheck="false"
          maxlength="200"
          placeholder=${this.t('search.hint')}
          @input=${(event: Event) => this.#typed((event.target as HTMLInputElement).value)}
          @keydown=${(event: KeyboardEvent) => this.#key(event)}
        />
      </label>
      <ul id="search-list" role="listbox" class="card" aria-label=${this.t('search.label')} ?hidden=${!open}>
        ${this.found.map(
          (hit, place) => html`<li
            id="search-${place}"
            role="option"
            aria-selected=${place === this.chosen}
            @pointerdown=${(event: Event) => {
              event.preventDefault();
              this.#go(hit);
            }}
          >
            <b>${hit.value}</b> <span>${hit.layer_title} · ${hit.field_title}</span>
          </li>`,
        )}
      </ul>
      <p class=${this.said && !open ? 'search-said card' : 'unseen'} role="status">${this.said}</p>
    </div>`;
  }

  #typed(text: string): void {
    if (this.#timer) clearTimeout(this.#timer);
    this.#asking?.abort();
    const q = text.trim();
    if (q.length < LEAST) {
      this.#clear();
      return;
    }
    this.#timer = setTimeout(() => void this.#ask(q), REST_MS);
  }

  async #ask(q: string): Promise<void> {
    const { lang } = this.state;
    const asking = new AbortController();
    this.#asking = asking;
    const asked = new URLSearchParams({ q, limit: String(MOST), lang });
    try {
      const { results } = await this.app.api.http.json<{ results: readonly Found[] }>(
        `/queries/search?${asked}`,
        { lang, signal: asking.signal },
      );
      if (asking.signal.aborted) return;
      this.found = results;
      this.chosen = results.length ? 0 : -1;
      this.said = results.length
        ? this.t('search.found', { n: results.length })
        : this.t('search.none', { q });
    } catch (error) {
      if (asking.signal.aborted) return;
      this.found = [];
      this.said = problemOf(error).detail ?? this.t('error.network');
    }
  }

  #key(event: KeyboardEvent): void {
    const last = this.found.length - 1;
    if (event.key === 'ArrowDown') this.chosen = Math.min(last, this.chosen + 1);
    else if (event.key === 'ArrowUp') this.chosen = Math.max(0, this.chosen - 1);
    else if (event.key === 'Escape') this.#clear();
    else if (event.key === 'Enter') {
      const hit = this.found[this.chosen];
      if (hit) this.#go(hit);
    } else return;
    event.preventDefault();
    this.querySelector(`#search-${this.chosen}`)?.scrollIntoView({ block: 'nearest' });
  }

  /** To the place and its record; while an incident is being raised, to its place. */
  #go({ layer, id, lon, lat }: Found): void {
    const { raising } = this.state;
    this.#clear();
    if (raising && lon !== null && lat !== null) {
      this.app.store.set({ raising: { at: [lon, lat] } });
    } else this.app.record.open(layer, String(id));
    if (lon !== null && lat !== null) {
      requestAnimationFrame(() => this.app.map?.flyTo([lon, lat, lon, lat]));
    }
  }

  #clear(): void {
    if (this.#timer) clearTimeout(this.#timer);
    this.#asking?.abort();
    this.found = [];
    this.chosen = -1;
    this.said = '';
  }
}
