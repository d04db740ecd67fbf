import { html } from 'lit';
import { type App, identity } from '../app/app.ts';
import type { AppState } from '../app/state.ts';
import { Store } from '../app/store.ts';
import { DeskPart } from './part.ts';

const KEY = 'muang.acting';

/** The person at a sign-in that several share: what they do bears their name beside the sign-in's. */
export class Acting {
  readonly store = new Store<{ readonly name: string }>({ name: '' });
  readonly #app: App;

  constructor(app: App) {
    this.#app = app;
    this.store.set({ name: kept(this.#who) });
  }

  /** Keeps the name for this tab and this sign-in, so that a reload asks nobody twice. */
  name(name: string): void {
    this.store.set({ name: name.trim() });
    try {
      sessionStorage.setItem(KEY, JSON.stringify({ who: this.#who, name: name.trim() }));
    } catch {
      // storage may be refused: it is asked for again after a reload
    }
  }

  /** Said with a step. */
  get by(): { readonly by?: string } {
    const { name } = this.store.state;
    return name ? { by: name } : {};
  }

  /** Said with an edit of a record, which has no words of its own. */
  get header(): Readonly<Record<string, string>> {
    const { name } = this.store.state;
    return name ? { 'Acting-Name': encodeURIComponent(name) } : {};
  }

  get #who(): string {
    return identity(this.#app.store.state.me.value);
  }
}

function kept(who: string): string {
  try {
    const found = JSON.parse(sessionStorage.getItem(KEY) ?? 'null') as {
      who: string;
      name: string;
    } | null;
    return found?.who === who ? found.name : '';
  } catch {
    return '';
  }
}

/** Where that name is written; the sign-in's own stands there while there is none. */
export class ActingName extends DeskPart {
  protected readonly watch = ['me'] as const satisfies (keyof AppState)[];
  #stop: (() => void) | null = null;

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#stop?.();
    this.#stop = null;
  }

  protected override render() {
    const { acting } = this.desk;
    this.#stop ??= acting.store.subscribe(() => this.requestUpdate());
    const { value } = this.state.me;
    return html`<label class="acting">
      ${this.t('acting.name')}
      <input
        name="by"
        maxlength="100"
        autocomplete="name"
        placeholder=${value?.display_name ?? value?.principal ?? ''}
        .value=${acting.store.state.name}
        @change=${(event: Event) => acting.name((event.target as HTMLInputElement).value)}
      />
    </label>`;
  }
}
