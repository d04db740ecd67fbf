import { html, nothing } from 'lit';
import type { AppState } from '../app/state.ts';
import { boardsSeen, openBoard, readBoard, TITLES } from '../boards/keys.ts';
import { DeskPart } from './part.ts';

/** The way to the boards people work on; the public comes to theirs by the figures. */
export class BoardLinks extends DeskPart {
  protected readonly watch = ['me', 'board'] as const satisfies (keyof AppState)[];

  protected override render() {
    const { me, board } = this.state;
    const keys = boardsSeen(this.state);
    const shown = Boolean(me.value?.authenticated) && keys.length > 0;
    this.toggleAttribute('data-open', shown);
    if (!shown) return nothing;
    const open = readBoard(board)?.key;
    return html`<nav class="board-links" aria-label=${this.t('boards.title')}>
      <h2>${this.t('boards.title')}</h2>
      <ul>
        ${keys.map(
          (key) => html`<li>
            <button
              type="button"
              class="chip-button"
              data-board-link=${key}
              aria-current=${open === key ? 'page' : 'false'}
              @click=${() => openBoard(this.app, key)}
            >
              ${this.t(TITLES[key])}
            </button>
          </li>`,
        )}
      </ul>
    </nav>`;
  }
}
