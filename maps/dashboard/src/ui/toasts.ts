import { html, nothing } from 'lit';
import type { AppState, Toast } from '../app/state.ts';
import { icon } from './icons.ts';
import { Part } from './part.ts';

/** Short messages: what went wrong in the server's words, with a way to try again. */
export class Toasts extends Part {
  protected readonly watch = ['toasts', 'spoken'] as const satisfies (keyof AppState)[];

  protected override render() {
    return html`
      <div class="toasts" role="region" aria-label=${this.t('toast.title')} aria-live="polite">
        ${this.state.toasts.map((toast) => this.#toast(toast))}
      </div>
      <p class="unseen" role="status">${this.state.spoken}</p>
    `;
  }

  #toast(toast: Toast) {
    return html`<div class="toast" data-toast=${toast.key}>
      ${icon(toast.good ? 'check' : 'warn')}
      <p>
        ${toast.text}
        ${
          toast.reference
            ? html`<small>${this.t('toast.id', { id: toast.reference })}</small>`
            : nothing
        }
      </p>
      ${
        toast.retry
          ? html`<button type="button" @click=${() => this.#retry(toast)}>
            ${this.t('toast.retry')}
          </button>`
          : nothing
      }
      <button
        type="button"
        class="plain"
        aria-label=${this.t('toast.dismiss')}
        @click=${() => this.app.dismiss(toast)}
      >
        ${icon('close')}
      </button>
    </div>`;
  }

  #retry(toast: Toast): void {
    this.app.dismiss(toast);
    toast.retry?.();
  }
}
