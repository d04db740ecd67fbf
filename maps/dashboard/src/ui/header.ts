import { html, nothing } from 'lit';
import type { AppState } from '../app/state.ts';
import { clock, dateTime, day, shortDay, span } from '../format.ts';
import { exerciseOf } from '../time/now.ts';
import { icon } from './icons.ts';
import { langSwitch } from './langs.ts';
import { Part } from './part.ts';
import { toLogin } from './who.ts';

/** Town, what kind of data this is, who looks at it, whether it is live, clock and language. */
export class Header extends Part {
  protected readonly watch = [
    'me',
    'live',
    'left',
    'pictureAt',
  ] as const satisfies (keyof AppState)[];

  protected override render() {
    const me = this.state.me.value;
    return html`
      <header>
      <div class="top">
        <div class="brand">
          <img src="/assets/icon.svg" alt="" width="30" height="30" />
          <h1>${me ? this.app.text(me.town.name) : this.t('app.name')}</h1>
        </div>
        <muang-flag .app=${this.app}></muang-flag>
        <muang-search .app=${this.app}></muang-search>
        <div class="top-right">
          ${this.#live()} ${this.#clock()}
          ${langSwitch(this.state.lang, this.t('app.language'), (lang) => this.app.setLang(lang))}
        </div>
        <muang-who .app=${this.app}></muang-who>
      </div>
      ${this.#exercise()} ${this.#notice()} ${this.#left()} ${this.#banner()}
      </header>
    `;
  }

  /** An exercise is said on every screen, so that nobody takes it for the real thing. */
  #exercise() {
    const exercise = exerciseOf(this.state.me.value);
    return exercise
      ? html`<div class="exercise">
          <p role="status">${icon('warn')} ${this.t('exercise.banner', { name: exercise.name })}</p>
          <muang-drill-end .app=${this.app}></muang-drill-end>
        </div>`
      : nothing;
  }

  /** What this view is, calmly: whose data these are, and what signing in adds. */
  #notice() {
    const me = this.state.me.value;
    const told = [
      ...(me?.town.synthetic ? [this.t('app.demo')] : []),
      ...(me?.authenticated === false ? [this.t('app.public')] : []),
    ];
    return told.length
      ? html`<p class="notice" ?data-public=${me?.authenticated === false}>
          ${icon('info')}<span>${told.join(' · ')}</span>
        </p>`
      : nothing;
  }

  /** Why the page began anew; an ended sign-in is said at once and loudly. */
  #left() {
    const { left } = this.state;
    if (!left) return nothing;
    const again = left === 'ended';
    return html`<div class="left" data-left=${left} role=${again ? 'alert' : 'status'}>
      ${icon('info')}
      <p><strong>${this.t(`left.${left}`)}</strong> <span>${this.t(`left.${left}Help`)}</span></p>
      ${
        again
          ? html`<a class="button primary" href="/login" @click=${toLogin}
            >${this.t('left.again')}</a
          >`
          : nothing
      }
      <button
        type="button"
        class="plain"
        aria-label=${this.t('left.close')}
        @click=${() => this.app.store.set({ left: null })}
      >
        ${icon('close')}
      </button>
    </div>`;
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
        <span class="day">${day(now, lang)}</span>
        <span class="day-short">${shortDay(now, lang)}</span> <b>${clock(now, lang)}</b>
      </time>
    </p>`;
  }

  /** With the server gone, a reload shows what everybody could last see, and how old that is. */
  #picture(at: number) {
    const { lang } = this.state;
    return html`<div role="alert" class="alarm" data-picture>
      ${icon('warn')}
      <div>
        <strong>${this.t('live.picture', { time: dateTime(at, lang) })}</strong>
        <span>${this.t('live.pictureHelp')}</span>
        <span class="age" aria-hidden="true"
          >${this.t('live.ago', { age: span((Date.now() - at) / 1000, lang) })}</span
        >
      </div>
      <button type="button" @click=${() => location.reload()}>${this.t('live.reconnect')}</button>
    </div>`;
  }

  /** Loud on purpose: silence must never look like calm. */
  #banner() {
    const { status, heardAt } = this.state.live;
    const { pictureAt } = this.state;
    if (pictureAt !== null) return this.#picture(pictureAt);
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
