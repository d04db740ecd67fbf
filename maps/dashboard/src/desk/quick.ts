import { html, nothing, type PropertyDeclarations } from 'lit';
import type { Feature } from '../api/types.ts';
import type { AppState } from '../app/state.ts';
import { boardOf, openBoard } from '../boards/keys.ts';
import { once } from '../incidents/api.ts';
import { type Quick, quickActions } from '../kpi/quick.ts';
import { DeskPart } from './part.ts';

/** What is done to a record of a board most often, one press away; the record keeps its version. */
export class QuickActions extends DeskPart {
  static override properties: PropertyDeclarations = {
    ...DeskPart.properties,
    busy: { state: true },
  };
  declare busy: boolean;
  protected readonly watch = [
    'recordView',
    'record',
    'me',
    'at',
  ] as const satisfies (keyof AppState)[];

  constructor() {
    super();
    this.busy = false;
  }

  protected override render() {
    const { record, recordView, me, at } = this.state;
    const { value } = recordView;
    if (!record || !value || at !== null) return nothing;
    const actions = quickActions(
      record.layer,
      value.feature.properties,
      me.value?.role ?? 'public',
    );
    const key = boardOf(record.layer);
    if (actions.length === 0 && !key) return nothing;
    return html`<form
      class="quick"
      @submit=${(event: SubmitEvent) => event.preventDefault()}
      aria-label=${this.t('quick.title')}
    >
      ${
        key
          ? html`<button type="button" data-board=${key} @click=${() => openBoard(this.app, key)}>
              ${this.t('boards.open')}
            </button>`
          : nothing
      }
      ${actions.map((action) =>
        action.field
          ? html`<label
              >${this.t(action.label)}
              <input type="number" min="0" max="100000" name=${action.field} .value=${String(value.feature.properties[action.field] ?? '')} />
              <button type="submit" aria-disabled=${this.busy} @click=${(event: Event) => this.#number(event, action)}>
                ${this.t('quick.save')}
              </button>
            </label>`
          : html`<button type="button" data-quick=${action.label} aria-disabled=${this.busy} @click=${() => this.#send(action.patch)}>
              ${this.t(action.label)}
            </button>`,
      )}
    </form>`;
  }

  #number(event: Event, { field }: Quick): void {
    const form = (event.target as HTMLElement).closest('form');
    const text = field && new FormData(form ?? undefined).get(field);
    if (field && text !== null && text !== '') void this.#send({ [field]: Number(text) });
  }

  async #send(patch: Readonly<Record<string, unknown>>): Promise<void> {
    const { record, lang } = this.state;
    if (!record || this.busy) return;
    const path = `/ogc/collections/${record.layer}/items/${encodeURIComponent(record.id)}`;
    const { http } = this.app.api;
    this.busy = true;
    try {
      const response = await http.send(`${path}?skipGeometry=true`, { lang });
      const now = (await response.json()) as Feature;
      // what was on the screen when the button was pressed: the second of two people is told
      const seen = this.state.recordView.value?.feature.properties['updated_at'];
      const same = now.properties['updated_at'] === seen;
      const etag = same ? response.headers.get('ETag') : '"0000000000000000"';
      await http.json(path, {
        lang,
        method: 'PATCH',
        body: { type: 'Feature', properties: patch },
        headers: {
          ...once(),
          ...this.desk.acting.header,
          ...(etag ? { 'If-Match': etag } : {}),
        },
      });
      await this.app.record.refresh();
    } catch (error) {
      this.app.complain('quick', error);
      void this.app.record.refresh();
    } finally {
      this.busy = false;
    }
  }
}
