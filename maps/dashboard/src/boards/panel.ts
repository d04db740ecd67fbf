import { html, nothing, type TemplateResult } from 'lit';
import type { AppState } from '../app/state.ts';
import { dateTime } from '../format.ts';
import { fileHref } from '../table/files.ts';
import { icon } from '../ui/icons.ts';
import { type BoardKey, boardsSeen, LAYER_OF, openBoard, readBoard, TITLES } from './keys.ts';
import { BoardPart } from './part.ts';

/** The open board in its frame: the way to the others, who acts, what was done or refused. */
export class BoardsPanel extends BoardPart {
  #arrived = false;

  protected override stateChanged(now: AppState, before: AppState): void {
    if (readBoard(now.board)?.key !== readBoard(before.board)?.key) this.#arrived = true;
  }

  protected override firstUpdated(): void {
    super.firstUpdated();
    this.#arrived = true;
  }

  protected override updated(): void {
    if (!this.#arrived) return;
    this.#arrived = false;
    // at the start of the page the reader has not asked for the board just now
    if (document.activeElement !== document.body) this.querySelector('h2')?.focus();
  }

  protected override render() {
    const key = readBoard(this.state.board)?.key;
    if (!key) return nothing;
    const layer = LAYER_OF[key];
    const { focus, at, lang } = this.state;
    return html`<section class="table boards card" aria-labelledby="board-title" data-board=${key}>
      <div class="card-head">
        <h2 id="board-title" tabindex="-1">${this.t(TITLES[key])}</h2>
        ${this.#others(key)}
        ${
          focus?.layer === layer
            ? html`<button type="button" class="link" @click=${() => this.desk.focus.clear()}>
                ${this.t('board.all')}
              </button>`
            : nothing
        }
        ${this.acts ? html`<muang-acting .app=${this.app}></muang-acting>` : nothing}
        <span class="board-files">
          <a class="button" href=${fileHref(layer, 'csv', lang)} download>${icon('download')} CSV</a>
          <button type="button" @click=${() => window.print()}>${this.t('board.print')}</button>
        </span>
        <button
          type="button"
          class="plain"
          aria-label=${this.t('board.close')}
          title=${this.t('board.close')}
          @click=${() => this.#close()}
        >
          ${icon('close')}
        </button>
      </div>
      ${
        at === null
          ? nothing
          : html`<p class="board-said">${this.t('board.past', { time: dateTime(at, lang) })}</p>`
      }
      ${this.#told()} ${boardsSeen(this.state).includes(key) ? this.#board(key) : this.#none()}
    </section>`;
  }

  #others(open: BoardKey) {
    return html`<nav class="board-tabs" aria-label=${this.t('board.others')}>
      ${boardsSeen(this.state).map(
        (key) => html`<button
          type="button"
          data-board-tab=${key}
          aria-current=${key === open ? 'page' : 'false'}
          @click=${() => this.#turn(key)}
        >
          ${this.t(TITLES[key])}
        </button>`,
      )}
    </nav>`;
  }

  /** To another board; what a figure counts is not what is asked for then. */
  #turn(key: BoardKey): void {
    if (this.state.kpi) this.desk.focus.clear();
    openBoard(this.app, key);
  }

  #told() {
    const { refused, done, busy } = this.told;
    return html`<div class="board-told" aria-live="polite">
      ${busy ? html`<p role="status">${this.t(busy)}</p>` : nothing}
      ${
        refused
          ? html`<p class="problem" role="alert">
              ${icon('warn')} ${refused}
              <button type="button" class="link" @click=${() => this.room.quiet()}>
                ${this.t('board.understood')}
              </button>
            </p>`
          : nothing
      }
      ${
        done
          ? html`<p class="board-done">
              ${icon('check')} ${done.words}
              ${
                done.undo
                  ? html`<button type="button" data-act="undo" @click=${done.undo}>
                      ${icon('undo')} ${this.t('board.undo')}
                    </button>`
                  : nothing
              }
            </p>`
          : nothing
      }
    </div>`;
  }

  #board(key: BoardKey): TemplateResult {
    const { app } = this;
    switch (key) {
      case 'shelters':
        return html`<muang-board-shelters .app=${app}></muang-board-shelters>`;
      case 'runs':
        return html`<muang-board-runs .app=${app}></muang-board-runs>`;
      case 'roads':
        return html`<muang-board-roads .app=${app}></muang-board-roads>`;
      case 'teams':
        return html`<muang-board-teams .app=${app}></muang-board-teams>`;
      case 'power':
        return html`<muang-board-power .app=${app}></muang-board-power>`;
    }
  }

  #none() {
    return html`<p class="empty">${this.t('board.notYours')}</p>`;
  }

  #close(): void {
    this.app.store.set({ board: null, picking: null, section: 'watch' });
    document.querySelector<HTMLElement>('.maplibregl-canvas')?.focus({ preventScroll: true });
  }
}
