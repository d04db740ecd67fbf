import { problemOf } from '../api/problem.ts';
import { type Lang, type MessageKey, say } from '../i18n/index.ts';

/** What stands between a person and the town, in words of either language. */
export type Trouble =
  | { readonly key: MessageKey; readonly help?: MessageKey }
  | { readonly key: 'login.wait'; readonly until: number }
  | { readonly said: string; readonly reference?: string };

export type Step = 'password' | 'code';

const CODE_NEEDED = 'urn:muang:problem:code-needed';
/** A server that says to wait without saying how long. */
const WAIT_S = 5;

/**
 * What a refused or unanswered sign-in means; `code`: a one-time code is asked for next. That does
 * not mean the password is right: after many wrong attempts at a name everybody is asked.
 */
export function troubleOf(error: unknown, step: Step, now: number): Trouble | 'code' {
  const problem = problemOf(error);
  const { status } = problem;
  if (problem.type === CODE_NEEDED) return 'code';
  if (status === 401) {
    return step === 'code'
      ? { key: 'login.wrongCode', help: 'login.wrongCodeHelp' }
      : { key: 'login.wrong', help: 'login.wrongHelp' };
  }
  if (status === 429) return { key: 'login.wait', until: now + (problem.wait ?? WAIT_S) * 1000 };
  if (status === 0) return { key: 'login.away', help: 'login.awayHelp' };
  if (status === 503) return { key: 'login.unready', help: 'login.unreadyHelp' };
  return {
    said: problem.detail ?? problem.title,
    ...(problem.instance ? { reference: problem.instance } : {}),
  };
}

/** What `?error=` says when a provider led back here. */
export function providerTrouble(search: string): Trouble | null {
  const error = new URLSearchParams(search).get('error');
  if (error === 'refused') return { key: 'login.oidcRefused', help: 'login.oidcRefusedHelp' };
  if (error === 'away') return { key: 'login.oidcAway', help: 'login.oidcAwayHelp' };
  return null;
}

/** Minutes and seconds until a moment, never below 0:00. */
export function countdown(until: number, now: number): string {
  const left = secondsLeft(until, now);
  return `${Math.floor(left / 60)}:${String(left % 60).padStart(2, '0')}`;
}

export function secondsLeft(until: number, now: number): number {
  return Math.max(0, Math.ceil((until - now) / 1000));
}

/** A stretch of seconds in words, for those who hear it. */
export function spokenWait(seconds: number, lang: Lang): string {
  return seconds < 60
    ? say(lang, 'login.seconds', { n: seconds })
    : say(lang, 'login.minutes', { n: Math.ceil(seconds / 60) });
}
