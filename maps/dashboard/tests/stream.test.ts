import { beforeEach, describe, expect, it } from 'vitest';
import type { ChangeEvent } from '../src/api/types.ts';
import { type LiveState, LiveStream, SILENCE_MS } from '../src/live/stream.ts';

/** Stands in for the browser's EventSource: the tests say what the server says. */
class Wire extends EventTarget {
  readyState = 1;
  closed = false;
  say(event: string, data: object): void {
    this.dispatchEvent(new MessageEvent(event, { data: JSON.stringify(data) }));
  }
  close(): void {
    this.closed = true;
    this.readyState = 2;
  }
}

const change = (pos: number, layer = 'parcels'): ChangeEvent => ({
  pos,
  layer,
  op: 'update',
  n: 1,
  bbox: [0, 0, 1, 1],
  at: '2026-11-20T00:00:00Z',
});

let now = 0;
let tick: () => void = () => undefined;
let frames: (() => void)[] = [];
let opened = '';
let wires: Wire[] = [];
let told: (readonly ChangeEvent[])[] = [];
let gaps = 0;
let refusals: boolean[] = [];
let last: LiveState | null = null;
let stream: LiveStream;

const wire = () => wires.at(-1) as Wire;
const pass = (ms: number) => {
  for (let left = ms; left > 0; left -= 1000) {
    now += 1000;
    tick();
  }
};

beforeEach(() => {
  now = 1_000_000;
  frames = [];
  wires = [];
  told = [];
  gaps = 0;
  refusals = [];
  last = null;
  stream = new LiveStream(
    '/live',
    {
      onState: (state) => {
        last = state;
      },
      onChanges: (changes) => told.push(changes),
      onGap: () => {
        gaps += 1;
      },
      onRefused: (told) => refusals.push(told),
    },
    {
      open: (url) => {
        opened = url;
        wires.push(new Wire());
        return wire() as unknown as EventSource;
      },
      now: () => now,
      frame: (callback) => frames.push(callback),
      every: (_ms, callback) => {
        tick = callback;
        return () => {
          tick = () => undefined;
        };
      },
    },
  );
  stream.start();
});

describe('the live stream', () => {
  it('is connecting until the server says hello, then live', () => {
    expect(stream.state.status).toBe('connecting');
    wire().say('hello', { pos: 5, at: '' });
    expect(last).toEqual({ status: 'live', heardAt: now, pos: 5 });
    expect(gaps).toBe(0);
  });

  it('tells all changes of one frame together, in order', () => {
    wire().say('hello', { pos: 5, at: '' });
    wire().say('change', change(6));
    wire().say('change', change(7, 'roads'));
    expect(told).toEqual([]);
    for (const frame of frames) frame();
    expect(told.map((batch) => batch.map(({ pos }) => pos))).toEqual([[6, 7]]);
    expect(frames.length).toBe(1);
  });

  it('tells a change once when a replay repeats it', () => {
    wire().say('hello', { pos: 5, at: '' });
    wire().say('change', change(6));
    wire().say('change', change(6));
    for (const frame of frames) frame();
    expect(told.flat().length).toBe(1);
  });

  it('goes stale after 45 s of silence although the socket is open', () => {
    wire().say('hello', { pos: 5, at: '' });
    pass(SILENCE_MS - 1000);
    expect(last?.status).toBe('live');
    pass(1000);
    expect(last?.status).toBe('stale');
  });

  it('is stale too when the server never said anything', () => {
    pass(SILENCE_MS);
    expect(last).toMatchObject({ status: 'stale', heardAt: null });
  });

  it('stays live on heartbeats alone', () => {
    wire().say('hello', { pos: 5, at: '' });
    for (let beat = 0; beat < 8; beat++) {
      pass(15_000);
      wire().say('heartbeat', { pos: 5, at: '' });
    }
    expect(last?.status).toBe('live');
    expect(gaps).toBe(0);
  });

  it('opens a new stream when a silent one does not come back', () => {
    wire().say('hello', { pos: 5, at: '' });
    pass(SILENCE_MS);
    expect(wires.length).toBe(2);
    expect(wires[0]?.closed).toBe(true);
  });

  it('opens a new stream where the last one ended', () => {
    expect(opened).toBe('/live');
    wire().say('hello', { pos: 5, at: '' });
    wire().say('change', change(6));
    pass(SILENCE_MS);
    expect(opened).toBe('/live?since=6');
    wire().say('hello', { pos: 6, at: '' });
    wire().say('change', change(7));
    for (const frame of frames) frame();
    expect(told.flat().map(({ pos }) => pos)).toEqual([6, 7]);
    expect(gaps).toBe(0);
  });

  it('opens a new stream when the server refused the old one', () => {
    wire().readyState = 2;
    pass(5000);
    expect(wires.length).toBe(2);
  });

  it('is live again at once, with nothing missed, when the position is the same', () => {
    wire().say('hello', { pos: 5, at: '' });
    pass(SILENCE_MS);
    wire().say('hello', { pos: 5, at: '' });
    expect(last?.status).toBe('live');
    expect(gaps).toBe(0);
  });

  it('asks for everything again when positions were passed unheard', () => {
    wire().say('hello', { pos: 5, at: '' });
    stream.reconnect();
    wire().say('hello', { pos: 9, at: '' });
    expect(gaps).toBe(1);
    expect(stream.state.pos).toBe(9);
  });

  it('asks for everything again after a reset, also to an earlier position', () => {
    wire().say('hello', { pos: 500, at: '' });
    wire().say('reset', { pos: 3, at: '' });
    expect(gaps).toBe(1);
    wire().say('change', change(4));
    for (const frame of frames) frame();
    expect(told.flat().length).toBe(1);
  });

  it('resumes without a gap: the browser replays from our position', () => {
    wire().say('hello', { pos: 5, at: '' });
    wire().say('change', change(6));
    wire().say('hello', { pos: 6, at: '' });
    wire().say('change', change(7));
    for (const frame of frames) frame();
    expect(told.flat().map(({ pos }) => pos)).toEqual([6, 7]);
    expect(gaps).toBe(0);
  });

  it('tells that it was refused, and that it was closed for an unknown reason', () => {
    wire().say('refused', { pos: 5, at: '' });
    expect(refusals).toEqual([true]);
    wire().dispatchEvent(new Event('error')); // the browser reconnects by itself
    expect(refusals).toEqual([true]);
    wire().readyState = 2;
    wire().dispatchEvent(new Event('error'));
    expect(refusals).toEqual([true, false]);
  });

  it('stops', () => {
    stream.stop();
    expect(wire().closed).toBe(true);
    pass(SILENCE_MS * 2);
    expect(wires.length).toBe(1);
  });
});
