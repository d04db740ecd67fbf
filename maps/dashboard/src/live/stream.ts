import type { Beat, ChangeEvent } from '../api/types.ts';

/** What the page says of its connection. Silence must never look like calm. */
export type LiveStatus = 'connecting' | 'live' | 'stale';

export interface LiveState {
  readonly status: LiveStatus;
  /** When the last event of any kind arrived (ms since the epoch); null before the first. */
  readonly heardAt: number | null;
  readonly pos: number | null;
}

export interface LiveHandlers {
  readonly onState: (state: LiveState) => void;
  /** All changes that came since the last frame, in order. */
  readonly onChanges: (changes: readonly ChangeEvent[]) => void;
  /** Positions were passed that we did not hear of: everything shown may be old. */
  readonly onGap: () => void;
  /** The server ended the stream: for certain because of who listens (`told`), or perhaps. */
  readonly onRefused: (told: boolean) => void;
}

/** The parts of the browser the stream needs; tests bring their own. */
export interface LivePlatform {
  readonly open: (url: string) => EventSource;
  readonly now: () => number;
  readonly frame: (callback: () => void) => void;
  readonly every: (ms: number, callback: () => void) => () => void;
}

const browser: LivePlatform = {
  open: (url) => new EventSource(url),
  now: () => Date.now(),
  // a hidden page draws no frames, yet its numbers must stay right
  // and a slow graphics card draws few: whoever waits for a change does not wait for a frame
  frame: (callback) => {
    let done = false;
    const once = () => {
      if (!done) callback();
      done = true;
    };
    if (!document.hidden) requestAnimationFrame(once);
    setTimeout(once, FRAME_MS);
  },
  every: (ms, callback) => {
    const timer = setInterval(callback, ms);
    return () => clearInterval(timer);
  },
};

/** The server sends a heartbeat each 15 s; three missed ones are an alarm. */
export const SILENCE_MS = 45_000;
/** A closed or silent stream is opened anew this often at most. */
const REOPEN_MS = 5_000;
const TICK_MS = 1_000;
/** Changes are gathered at most this long. */
const FRAME_MS = 50;
const CLOSED = 2;

/**
 * The page's ear on `/live`.
 *
 * EventSource reconnects by itself with `Last-Event-ID`. Two things it does not do, and this does:
 * it notices a socket that is open but silent, and it opens a new stream after an HTTP error. A
 * new stream cannot carry `Last-Event-ID`, so its address says where to go on from; where the server
 * cannot, the page is told to fetch everything again.
 */
export class LiveStream {
  readonly #url: string;
  readonly #handlers: LiveHandlers;
  readonly #platform: LivePlatform;
  #source: EventSource | null = null;
  #stopTicking: (() => void) | null = null;
  #state: LiveState = { status: 'connecting', heardAt: null, pos: null };
  #openedAt = 0;
  #waiting: ChangeEvent[] = [];

  constructor(url: string, handlers: LiveHandlers, platform: LivePlatform = browser) {
    this.#url = url;
    this.#handlers = handlers;
    this.#platform = platform;
  }

  get state(): LiveState {
    return this.#state;
  }

  start(): void {
    this.#open();
    this.#stopTicking ??= this.#platform.every(TICK_MS, () => this.#tick());
  }

  stop(): void {
    this.#stopTicking?.();
    this.#stopTicking = null;
    this.#source?.close();
    this.#source = null;
  }

  /** Drops the stream and opens a new one now. */
  reconnect(): void {
    this.#open();
  }

  #open(): void {
    this.#source?.close();
    this.#openedAt = this.#platform.now();
    const { pos } = this.#state;
    const source = this.#platform.open(pos === null ? this.#url : `${this.#url}?since=${pos}`);
    this.#source = source;
    source.addEventListener('hello', (event) => this.#hello(parse<Beat>(event)));
    source.addEventListener('reset', (event) => this.#hello(parse<Beat>(event), true));
    source.addEventListener('heartbeat', (event) => this.#beat(parse<Beat>(event)));
    source.addEventListener('change', (event) => this.#change(parse<ChangeEvent>(event)));
    source.addEventListener('refused', () => this.#handlers.onRefused(true));
    source.addEventListener('error', () => {
      // closed for good: an answer that was not a stream, and EventSource does not tell which
      if (source.readyState === CLOSED) this.#handlers.onRefused(false);
    });
  }

  /**
   * The start of a stream. At our own position nothing was missed, or what was missed follows as
   * events; anywhere else, and always after a reset, it does not.
   */
  #hello({ pos }: Beat, reset = false): void {
    const before = this.#state.pos;
    this.#heard(pos);
    if (reset || (before !== null && before !== pos)) this.#handlers.onGap();
  }

  #beat({ pos }: Beat): void {
    this.#heard(Math.max(this.#state.pos ?? 0, pos));
  }

  #change(change: ChangeEvent): void {
    // a replay may repeat the last position: changes are told once
    const known = this.#state.pos !== null && change.pos <= this.#state.pos;
    this.#heard(known ? null : change.pos);
    if (known) return;
    this.#waiting.push(change);
    if (this.#waiting.length > 1) return;
    this.#platform.frame(() => {
      const changes = this.#waiting;
      this.#waiting = [];
      this.#handlers.onChanges(changes);
    });
  }

  #heard(pos: number | null): void {
    this.#state = {
      status: 'live',
      heardAt: this.#platform.now(),
      pos: pos ?? this.#state.pos,
    };
    this.#handlers.onState(this.#state);
  }

  #tick(): void {
    const now = this.#platform.now();
    const quiet = now - (this.#state.heardAt ?? this.#openedAt);
    if (quiet >= SILENCE_MS && this.#state.status !== 'stale') {
      this.#state = { ...this.#state, status: 'stale' };
    }
    const closed = this.#source?.readyState === CLOSED;
    const waited = now - this.#openedAt;
    if ((closed && waited >= REOPEN_MS) || (quiet >= SILENCE_MS && waited >= SILENCE_MS)) {
      this.#open();
    }
    this.#handlers.onState(this.#state);
  }
}

function parse<T>(event: Event): T {
  return JSON.parse((event as MessageEvent<string>).data) as T;
}
