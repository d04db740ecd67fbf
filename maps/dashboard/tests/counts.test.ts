import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { Api } from '../src/api/client.ts';
import { Counts } from '../src/app/counts.ts';
import { initialState } from '../src/app/state.ts';
import { Store } from '../src/app/store.ts';

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

it('counts layers that changed, and nothing for what is no layer', async () => {
  const asked: string[] = [];
  const items = async (layer: string) => {
    asked.push(layer);
    return { numberMatched: 3 };
  };
  const store = new Store(initialState('en'));
  const title = { th: 'ถนนปิด', en: 'Road closures' };
  const legend = [{ layer: 'closures', title }] as unknown as ReturnType<
    typeof initialState
  >['legend'];
  store.set({ legend });
  const counts = new Counts({ items } as unknown as Api, store);
  counts.onChanges(
    ['gauge_readings', 'forecasts', 'closures'].map((layer, pos) => ({
      pos,
      layer,
      op: 'insert',
      bbox: null,
    })) as unknown as Parameters<Counts['onChanges']>[0],
  );
  await vi.advanceTimersByTimeAsync(2_000);
  expect(asked).toEqual(['closures']);
  expect(store.state.counts.get('closures')).toBe(3);
});
