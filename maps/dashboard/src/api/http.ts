import type { Lang } from '../i18n/index.ts';
import { errorOf } from './problem.ts';

/** Longer than the server gives any query: its own sentence should come first. */
const TIMEOUT_MS = 45_000;

export interface Ask {
  readonly lang: Lang;
  readonly method?: 'POST' | 'PATCH' | 'DELETE';
  /** More headers, such as the version an edit was made of. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  readonly signal?: AbortSignal | undefined;
  /** The caller deals with a refused sign-in itself: signing in is where they happen. */
  readonly expectRefusal?: boolean;
}

/**
 * Requests to our own server. Every failure is an `ApiError` (the server's own sentence) or a
 * `TypeError` (no answer). Whatever changes something, and every geo-query, carries the value
 * that only our own page knows (`X-CSRF-Token`, told by `/me` and by signing in).
 */
export class Http {
  csrf: string | null = null;
  /** Called when the server no longer knows who is asking. */
  onRefused: (() => void) | null = null;
  readonly #fetch: typeof fetch;

  constructor(fetcher: typeof fetch = (input, init) => fetch(input, init)) {
    this.#fetch = fetcher;
  }

  /** The answer's JSON. */
  async json<T>(path: string, ask: Ask): Promise<T> {
    const response = await this.send(path, ask);
    return (await response.json()) as T;
  }

  async send(path: string, ask: Ask): Promise<Response> {
    const method = ask.method ?? 'GET';
    const timeout = AbortSignal.timeout(TIMEOUT_MS);
    const response = await this.#fetch(path, {
      method,
      // every answer's sentences, errors' too, come in the page's language
      headers: {
        ...ask.headers,
        'Accept-Language': ask.lang,
        ...(ask.body === undefined ? {} : { 'Content-Type': 'application/json' }),
        ...(method !== 'GET' && this.csrf ? { 'X-CSRF-Token': this.csrf } : {}),
      },
      ...(ask.body === undefined ? {} : { body: JSON.stringify(ask.body) }),
      // a screen for decisions never reads yesterday's answer from the browser's cache
      cache: 'no-cache',
      signal: ask.signal ? AbortSignal.any([ask.signal, timeout]) : timeout,
    });
    if (response.ok) return response;
    if (response.status === 401 && !ask.expectRefusal) this.onRefused?.();
    throw await errorOf(response);
  }
}
