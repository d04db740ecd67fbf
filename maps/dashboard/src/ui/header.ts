import { html, nothing } from 'lit';
import type { AppState } from '../app/state.ts';
import { clock, dateTime, day, span } from '../format.ts';
import { LANGS, type Lang } from '../i18n/index.ts';
import { icon } from './icons.ts';
import { Part } from './part.ts';

const LANG_NAMES: Record<Lang, { short: string; long: string }> = {
  th: { short: 'ไทย', long: 'ภาษาไทย' },
  en: { short: 'EN', long: 'English' },
};

/** Town, what kind of data this is, whether it is live, the clock, and the language. */
export class Header extends Part {
  protected readonly watch = ['me', 'live'] as const satisfies (keyof AppState)[];

  protected override render() {
    const me = this.state.me.value;
    return html`
      <header>
      <div class="top">
        <div class="brand">
          <img src="/assets/icon.svg" alt="" width="30" height="30" />
          <h1>${me ? this.app.text(me.town.name) : this.t('app.name')}</h1>
        </div>
        <div class="top-right">
          ${this.#live()} ${this.#clock()}
          <div class="langs" role="group" aria-label=${this.t('app.language')}>
            ${LANGS.map((lang) => this.#langButton(lang))}
          </div>
        </div>
      </div>
      ${
        me?.authenticated === false
          ? html`<p class="notice">
            ${icon('info')}<span>${this.t(me.town.synthetic ? 'app.demo' : 'app.open')}</span>
          </p>`
          : nothing
      }
      ${this.#banner()}
      </header>
    `;
  }

  #langButton(lang: Lang) {
    const { short, long } = LANG_NAMES[lang];
    return html`<button
      type="button"
      lang=${lang}
      title=${long}
      aria-pressed=${this.state.lang === lang}
      @click=${() => this.app.setLang(lang)}
    >
      ${short}
    </button>`;
  }

  #age(): string | null {
    const { heardAt } = this.state.live;
    return heardAt === null ? null : span((Date.now() - heardAt) / 1000, this.state.lang);
  }

  #live() {
    const { status } = this.state.live;
    const age = this.#age();
    return html`<p
      class="live"
      data-live=${status}
      title=${age ? this.t('live.title', { age }) : ''}
    >
      <span class="dot" aria-hidden="true"></span>
      <span>${this.t(`live.${status}`)}</span>
      ${age ? html`<span class="age">${age}</span>` : nothing}
    </p>`;
  }

  #clock() {
    const now = new Date();
    const { lang } = this.state;
    return html`<p class="clock">
      <time datetime=${now.toISOString()}>
        <span class="day">${day(now, lang)}</span> <b>${clock(now, lang)}</b>
      </time>
    </p>`;
  }

  /** Loud on purpose: silence must never look like calm. */
  #banner() {
    const { status, heardAt } = this.state.live;
    if (status !== 'stale') return html`<div role="alert" class="no-alarm"></div>`;
    const { lang } = this.state;
    // spoken once: the running age is for eyes only
    const age = this.#age();
    return html`<div role="alert" class="alarm">
      ${icon('warn')}
      <div>
        <strong>
          ${
            heardAt === null
              ? this.t('live.bannerNever')
              : this.t('live.banner', { time: dateTime(heardAt, lang, true) })
          }
        </strong>
        <span>${heardAt === null ? nothing : this.t('live.bannerHelp')}</span>
        ${age ? html`<span class="age" aria-hidden="true">${this.t('live.ago', { age })}</span>` : nothing}
      </div>
      <button type="button" @click=${() => this.app.live.reconnect()}>
        ${this.t('live.reconnect')}
      </button>
    </div>`;
  }
}
