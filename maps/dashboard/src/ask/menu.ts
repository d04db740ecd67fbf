import { html, nothing } from 'lit';
import type { AppState } from '../app/state.ts';
import { DeskPart } from '../desk/part.ts';
import { icon } from '../ui/icons.ts';
import { type Kind, questionsFor, readAsk } from './question.ts';

/** What more may be asked of the town; a question's form and answer come when it is chosen. */
export class AskMenu extends DeskPart {
  protected readonly watch = ['ask', 'me', 'map', 'section'] as const satisfies (keyof AppState)[];
  #fetched = false;

  protected override firstUpdated(): void {
    this.#fetch();
  }

  protected override stateChanged(): void {
    this.#fetch();
  }

  #fetch(): void {
    if (this.state.ask === null || this.#fetched) return;
    this.#fetched = true;
    import('./panel.ts').then(
      ({ openAsk }) => {
        openAsk();
        this.requestUpdate();
      },
      (error: unknown) => {
        this.#fetched = false;
        this.app.complain('ask', error, () => this.#fetch());
      },
    );
  }

  protected override render() {
    const me = this.state.me.value;
    if (!me) return nothing;
    const may = questionsFor(me.role, me.layers);
    const asked = readAsk(this.state.ask);
    if (may.length === 0 && !asked) return nothing;
    return html`<section class="ask" aria-labelledby="ask-title">
      <h2 id="ask-title" tabindex="-1">${this.t('asks.title')}</h2>
      <div class="ask-kinds" role="group" aria-labelledby="ask-title">
        ${may.map((kind) => this.#kind(kind, asked?.kind === kind))}
      </div>
      ${asked ? html`<muang-ask-panel .app=${this.app}></muang-ask-panel>` : nothing}
    </section>`;
  }

  #kind(kind: Kind, open: boolean) {
    return html`<button type="button" class="chip-button" data-ask=${kind} aria-expanded=${open}
      @click=${() => this.app.store.set({ ask: open ? null : kind })}>
      ${icon('search')}<span>${this.t(`asks.${kind}`)}</span>
    </button>`;
  }
}
