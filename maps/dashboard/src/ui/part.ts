import { LitElement, type PropertyDeclarations, type PropertyValues } from 'lit';
import type { App } from '../app/app.ts';
import type { AppState } from '../app/state.ts';
import type { MessageKey } from '../i18n/index.ts';

/** Rows of lists and tables whose steps are buttons. */
const ROWS = '[data-incident], [data-row], [data-stay], li';

/** Where the reader was when a button was shut. */
type Shut = { readonly held: HTMLElement; readonly row: Element | null };

/**
 * A part of the page. It lives in the ordinary document (no shadow root), so that one stylesheet,
 * `lang`, forced colours and anchors reach everything, and it draws again only when one of the
 * state's parts it names in `watch` changed.
 */
export abstract class Part extends LitElement {
  static override properties: PropertyDeclarations = { app: { attribute: false } };
  declare app: App;

  /** Names of the parts of the state this element shows. `lang` is always watched. */
  protected abstract readonly watch: readonly (keyof AppState)[];
  #stop: (() => void) | null = null;
  #shut: Shut | null = null;

  protected override createRenderRoot(): HTMLElement {
    return this;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.#listen();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#stop?.();
    this.#stop = null;
  }

  protected override willUpdate(changed: PropertyValues): void {
    if (changed.has('app')) this.#listen();
  }

  /**
   * Draws again, and the reader's place stays: a browser takes it from a node that changes places
   * among others, and from a button that is shut while what it asked for is under way.
   */
  protected override update(changed: PropertyValues): void {
    const held = document.activeElement;
    super.update(changed);
    if (held instanceof HTMLElement && held !== document.body && this.contains(held)) {
      if (held.matches(':disabled')) this.#shut = { held, row: held.closest(ROWS) };
      else if (held !== document.activeElement) held.focus({ preventScroll: true });
    } else if (this.#shut) this.#giveBack(this.#shut);
  }

  /** The button that was shut, what came in its row's place, or the part's heading. */
  #giveBack({ held, row }: Shut): void {
    const elsewhere = document.activeElement !== document.body;
    if (!elsewhere && this.contains(held) && held.matches(':disabled')) return;
    this.#shut = null;
    if (elsewhere) return;
    const place = this.contains(held)
      ? held
      : row && this.contains(row)
        ? row.querySelector<HTMLElement>('button:enabled')
        : this.querySelector<HTMLElement>('[tabindex="-1"]');
    place?.focus({ preventScroll: true });
  }

  protected get state(): Readonly<AppState> {
    return this.app.store.state;
  }

  protected t(key: MessageKey, values?: Readonly<Record<string, string | number>>): string {
    return this.app.t(key, values);
  }

  /** Called after watched parts of the state changed, before drawing. */
  protected stateChanged(_now: AppState, _before: AppState): void {}

  #listen(): void {
    if (!this.app || this.#stop) return;
    this.#stop = this.app.store.subscribe((now, before) => {
      const changed = [...this.watch, 'lang' as const].some((key) => now[key] !== before[key]);
      if (!changed) return;
      this.stateChanged(now, before);
      this.requestUpdate();
    });
  }
}
