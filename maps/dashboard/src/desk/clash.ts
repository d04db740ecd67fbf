import { html, nothing } from 'lit';
import type { AppState } from '../app/state.ts';
import { icon } from '../ui/icons.ts';
import { DeskPart } from './part.ts';

/** On the card of a gate, or of the piece of a levee it closes: that the two are told apart. */
export class ClashCard extends DeskPart {
  protected readonly watch = ['record'] as const satisfies (keyof AppState)[];
  #stop: (() => void) | null = null;

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#stop?.();
    this.#stop = null;
  }

  protected override render() {
    const { record } = this.state;
    if (!record || !this.app.desk) return nothing;
    const { twins } = this.desk;
    this.#stop ??= twins.store.subscribe(() => this.requestUpdate());
    const found = twins.store.state.clashes.find(
      ({ gate, levee }) =>
        String((record.layer === 'gates' ? gate : levee).id) === record.id &&
        (record.layer === 'gates' || record.layer === 'levees'),
    );
    if (!found) return nothing;
    const { gate, levee } = found;
    const other = record.layer === 'gates' ? ('levees' as const) : ('gates' as const);
    const id = String((other === 'gates' ? gate : levee).id);
    return html`<div class="clash problem" role="status" data-clash>
      ${icon('warn')}
      <div>
        <b>${this.t('clash.title')}</b>
        <p>
          ${this.t('clash.told', {
            gate: String(gate.properties['name'] ?? gate.properties['code'] ?? gate.id),
            is: twins.label('gates', gate),
            levee: String(levee.properties['name'] ?? levee.properties['code'] ?? levee.id),
            says: twins.label('levees', levee),
          })}
        </p>
        <button type="button" class="link" @click=${() => this.app.record.open(other, id)}>
          ${this.t(other === 'gates' ? 'clash.gate' : 'clash.levee')}
        </button>
      </div>
    </div>`;
  }
}
