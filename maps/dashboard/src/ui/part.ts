import { LitElement, type PropertyDeclarations, type PropertyValues } from 'lit';
import type { App } from '../app/app.ts';
import type { AppState } from '../app/state.ts';
import type { MessageKey } from '../i18n/index.ts';
import { keepPlace, placeIn } from './place.ts';

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

  /** Draws again, and the reader's place stays. */
  protected override update(changed: PropertyValues): void {
    const place = placeIn(this);
    super.update(changed);
    keepPlace(place);
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
