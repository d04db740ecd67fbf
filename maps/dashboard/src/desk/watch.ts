import { html } from 'lit';
import type { AppState } from '../app/state.ts';
import { DeskPart } from './part.ts';

/** What the coordinator watches: what needs action, and the river. */
export class Watch extends DeskPart {
  protected readonly watch = ['section'] as const satisfies (keyof AppState)[];

  protected override render() {
    return html`<muang-board-links .app=${this.app}></muang-board-links>
      <muang-needs .app=${this.app}></muang-needs>
      <muang-hydrograph .app=${this.app}></muang-hydrograph>`;
  }
}
