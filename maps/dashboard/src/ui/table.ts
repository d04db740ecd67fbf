import { html, nothing } from 'lit';
import { repeat } from 'lit/directives/repeat.js';
import type { Feature, LayerSchema } from '../api/types.ts';
import type { AppState, TableView } from '../app/state.ts';
import { number } from '../format.ts';
import { bboxOf } from '../map/tiles.ts';
import { fieldNames, SYSTEM_FIELDS, shown } from '../record/values.ts';
import { PAGE_ROWS } from '../table/desk.ts';
import { age } from './age.ts';
import { filesMenu } from './files.ts';
import { icon } from './icons.ts';
import { options } from './options.ts';
import { Part } from './part.ts';

/** The table twin of a layer: the rows in the map's view. Enter on a row goes there and opens it. */
export class TableTwin extends Part {
  protected readonly watch = [
    'tableLayer',
    'tableOffset',
    'tableView',
    'tableHeld',
    'legend',
    'collections',
    'record',
    'focus',
  ] as const satisfies (keyof AppState)[];

  #opened = false;

  protected override stateChanged(now: AppState, before: AppState): void {
    if (now.tableLayer && !before.tableLayer) {
      this.#opened = true;
    }
  }

  protected override updated(): void {
    if (!this.#opened) return;
    this.#opened = false;
    // at the start of the page the reader has not asked for the table just now
    if (document.activeElement !== document.body) this.querySelector('select')?.focus();
  }

  protected override render() {
    const { tableLayer, tableView, tableHeld, focus } = this.state;
    this.toggleAttribute('data-open', tableLayer !== null);
    if (!tableLayer) return nothing;
    const { value, problem, loading } = tableView;
    return html`<section class="table card" aria-labelledby="table-title" aria-busy=${loading}>
      <div class="card-head">
        <h2 id="table-title">${this.t('table.title')}</h2>
        ${this.#layerChoice(tableLayer)}
        ${age(
          this.state.collections.find(({ id }) => id === tableLayer)?.['muang:freshness'],
          (words) => this.app.text(words),
        )}
        ${
          focus?.layer === tableLayer
            ? html`<p class="where">${this.t('table.focus')}</p>`
            : tableHeld
              ? html`<button type="button" class="link" @click=${() => this.app.table.release()}>
                ${this.t('table.follow')}
              </button>`
              : html`<p class="where">${this.t('table.in')}</p>`
        }
        ${value ? this.#pager(value) : nothing}
        ${filesMenu(tableLayer, this.app.layerTitle(tableLayer), this.state.lang)}
        <button
          type="button"
          class="plain"
          aria-label=${this.t('table.close')}
          title=${this.t('table.close')}
          @click=${() => this.app.table.close()}
        >
          ${icon('close')}
        </button>
      </div>
      ${
        problem
          ? html`<p class="problem" role="alert">
            ${icon('warn')} ${problem.detail ?? this.t('error.network')}
            <button type="button" class="link" @click=${() => this.app.table.refresh()}>
              ${this.t('app.retry')}
            </button>
          </p>`
          : nothing
      }
      ${!value && loading ? html`<p class="empty">${this.t('table.loading')}</p>` : nothing}
      ${value ? this.#rows(tableLayer, value) : nothing}
    </section>`;
  }

  #layerChoice(chosen: string) {
    return html`<label class="layer-choice">
      <span class="unseen">${this.t('table.layer')}</span>
      <select
        @change=${(event: Event) => this.app.table.open((event.target as HTMLSelectElement).value)}
      >
        ${options(
          this.app.tableLayers().map(({ id, title }) => [id, title] as const),
          chosen,
        )}
      </select>
    </label>`;
  }

  #pager({ page }: TableView) {
    const { tableOffset, lang } = this.state;
    const matched = page.numberMatched ?? page.features.length;
    const last = tableOffset + page.features.length;
    const step = (by: number, label: string, enabled: boolean) => html`<button
      type="button"
      class="plain"
      aria-label=${label}
      title=${label}
      ?disabled=${!enabled}
      @click=${() => this.app.table.page(by)}
    >
      ${icon(by < 0 ? 'back' : 'next')}
    </button>`;
    return html`<div class="pager">
      <p role="status">
        ${
          matched === 0
            ? nothing
            : this.t('table.range', {
                from: number(tableOffset + 1, lang),
                to: number(last, lang),
                n: number(matched, lang),
              })
        }
      </p>
      ${step(-1, this.t('table.prev'), tableOffset > 0)}
      ${step(1, this.t('table.next'), matched > tableOffset + PAGE_ROWS)}
    </div>`;
  }

  #rows(layer: string, { page, schema }: TableView) {
    const title = this.app.layerTitle(layer);
    if (page.features.length === 0) {
      return html`<p class="empty">${this.t(this.state.focus?.layer === layer ? 'table.none' : 'table.empty', { layer: title })}</p>`;
    }
    const columns = fieldNames(schema.properties).filter((name) => !SYSTEM_FIELDS.has(name));
    return html`<div
      class="scroll"
      tabindex="0"
      role="group"
      aria-label=${this.t('table.caption', { layer: title })}
    >
      <table class="rows" @keydown=${move}>
        <caption class="unseen">
          ${this.t('table.caption', { layer: title })}
        </caption>
        <thead>
          <tr>
            ${columns.map(
              (name) => html`<th scope="col">${schema.properties[name]?.title ?? name}</th>`,
            )}
          </tr>
        </thead>
        <tbody>
          ${repeat(
            page.features,
            ({ id }) => id,
            (feature) => this.#row(layer, feature, columns, schema),
          )}
        </tbody>
      </table>
    </div>`;
  }

  #row(layer: string, feature: Feature, columns: readonly string[], schema: LayerSchema) {
    const { record, lang } = this.state;
    const open = record?.layer === layer && record.id === String(feature.id);
    const [key, ...others] = columns;
    const cell = (name: string) => shown(feature.properties[name], schema.properties[name], lang);
    const isNumber = (name: string) => typeof feature.properties[name] === 'number';
    return html`<tr aria-current=${open ? 'true' : 'false'} @click=${() => this.#go(layer, feature)}>
      <th scope="row">
        <button type="button" class="row-open">
          ${(key && cell(key)?.text) || `#${feature.id}`}
        </button>
      </th>
      ${others.map((name) => {
        const value = cell(name);
        return html`<td class=${isNumber(name) ? 'num' : ''} title=${value?.also ?? nothing}>
          ${value?.text ?? html`<span class="none">–</span>`}
        </td>`;
      })}
    </tr>`;
  }

  #go(layer: string, feature: Feature): void {
    this.app.table.hold();
    this.app.record.open(layer, String(feature.id));
    const box = bboxOf(feature.geometry);
    // once the card is there, so that the map leaves room for it
    if (box) requestAnimationFrame(() => this.app.map?.flyTo(box));
  }
}

/** Up and down arrows walk the rows. */
export function move(event: KeyboardEvent): void {
  const step = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0;
  const table = event.currentTarget as HTMLElement;
  if (!step || !(event.target instanceof HTMLButtonElement)) return;
  const buttons = [...table.querySelectorAll<HTMLButtonElement>('.row-open')];
  const next = buttons[buttons.indexOf(event.target) + step];
  if (!next) return;
  event.preventDefault();
  next.focus();
}
