import { html, nothing, type PropertyDeclarations } from 'lit';
import { createRef, type Ref, ref } from 'lit/directives/ref.js';
import { problemOf } from '../api/problem.ts';
import type { Feature, LayerSchema, Properties } from '../api/types.ts';
import type { AppState } from '../app/state.ts';
import { dateTime, number } from '../format.ts';
import { nameOf } from '../map/pick.ts';
import { lines } from '../record/values.ts';
import { icon } from '../ui/icons.ts';
import { DeskPart } from './part.ts';

interface Dossier {
  readonly id: string;
  readonly computed_at: string;
  readonly digest: string;
  readonly parcels: readonly Properties[];
  readonly sections: readonly {
    readonly layer: string;
    readonly title: string;
    readonly relation: string;
    readonly matched: number;
    readonly records: readonly Properties[];
  }[];
  readonly caveats: readonly string[];
}

/** Everything the reader may know about the place of the open record, with its proof. */
export class DossierButton extends DeskPart {
  static override properties: PropertyDeclarations = {
    ...DeskPart.properties,
    dossier: { state: true },
    busy: { state: true },
  };
  declare dossier: Dossier | null;
  declare busy: boolean;
  protected readonly watch = ['recordView'] as const satisfies (keyof AppState)[];
  readonly #dialog: Ref<HTMLDialogElement> = createRef();
  readonly #schemas = new Map<string, LayerSchema>();

  constructor() {
    super();
    this.dossier = null;
    this.busy = false;
  }

  protected override stateChanged(now: AppState, before: AppState): void {
    if (now.recordView.value?.feature.id !== before.recordView.value?.feature.id)
      this.dossier = null;
  }

  protected override updated(): void {
    const dialog = this.#dialog.value;
    if (this.dossier && dialog && !dialog.open) dialog.showModal();
  }

  protected override render() {
    const { record, recordView } = this.state;
    const asked = record && recordView.value && place(record.layer, recordView.value.feature);
    if (!asked) return nothing;
    return html`<button type="button" class="chip-button" aria-disabled=${this.busy} @click=${() => this.#ask(asked)}>
        ${icon('table')}<span>${this.t('dossier.open')}</span>
      </button>
      ${this.dossier ? this.#show(this.dossier) : nothing}`;
  }

  async #ask(asked: object): Promise<void> {
    if (this.busy) return;
    const { lang } = this.state;
    this.busy = true;
    try {
      const found = await this.app.api.http.json<Dossier>('/queries/dossier', {
        lang,
        method: 'POST',
        body: asked,
      });
      const layers = ['parcels', ...found.sections.map(({ layer }) => layer)];
      const schemas = await Promise.all(layers.map((layer) => this.app.api.schema(layer, lang)));
      for (const [index, layer] of layers.entries()) {
        const schema = schemas[index];
        if (schema) this.#schemas.set(layer, schema);
      }
      this.dossier = found;
    } catch (error) {
      this.app.toast({ key: 'dossier', text: problemOf(error).detail ?? this.t('error.network') });
    } finally {
      this.busy = false;
    }
  }

  #show(found: Dossier) {
    const { lang } = this.state;
    return html`<dialog
      class="event dossier"
      aria-labelledby="dossier-title"
      @close=${() => {
        this.dossier = null;
      }}
      ${ref(this.#dialog)}
    >
      <div class="card-head">
        <div>
          <p class="kicker">${dateTime(found.computed_at, lang)} · ${this.t('flood.id')} <code>${found.id}</code></p>
          <h2 id="dossier-title" tabindex="-1">${this.t('dossier.title')}</h2>
        </div>
        <button type="button" class="plain" aria-label=${this.t('dossier.close')} title=${this.t('dossier.close')}
          @click=${() => this.#dialog.value?.close()}>${icon('close')}</button>
      </div>
      ${found.caveats.length ? html`<ul class="caveats">${found.caveats.map((each) => html`<li>${each}</li>`)}</ul>` : nothing}
      ${this.#section('parcels', this.app.layerTitle('parcels'), found.parcels, found.parcels.length)}
      ${found.sections.map(({ layer, title, records, matched }) => this.#section(layer, title, records, matched))}
      <p class="paper">SHA-256 <code>${found.digest}</code></p>
    </dialog>`;
  }

  #section(layer: string, title: string, records: readonly Properties[], matched: number) {
    const schema = this.#schemas.get(layer);
    if (!records.length || !schema) return nothing;
    return html`<h3>${title} <span class="count">${number(matched, this.state.lang)}</span></h3>
      ${records.map((each) => {
        const { own } = lines(each, schema.properties, this.state.lang);
        return html`<details class="about" ?open=${records.length === 1}>
          <summary>${nameOf(each) || `#${String(each['id'] ?? '')}`}</summary>
          <dl class="fields">
            ${own.map(({ title: field, value }) => (value ? html`<div><dt>${field}</dt><dd>${value.text}</dd></div>` : nothing))}
          </dl>
        </details>`;
      })}`;
  }
}

/** How a record names its place to the question; null for things that are no place. */
function place(layer: string, { id, properties, geometry }: Feature): object | null {
  if (layer === 'parcels') return { parcel: Number(id) };
  const code = properties['house_code'];
  if (layer === 'houses' && typeof code === 'string' && code) return { house_code: code };
  const at = geometry?.type === 'Point' ? geometry.coordinates : null;
  return at && ['houses', 'facilities', 'shelters', 'care_locations'].includes(layer)
    ? { at: [at[0], at[1]] }
    : null;
}
