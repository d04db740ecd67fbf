import { describe, expect, it } from 'vitest';
import { Again } from '../src/live/again.ts';

/** A reading that ends when told to, and a pause that ends when told to. */
function made() {
  const reads: (() => void)[] = [];
  const rests: (() => void)[] = [];
  const again = new Again(
    () => new Promise<void>((done) => reads.push(done)),
    100,
    () => new Promise<void>((done) => rests.push(done)),
  );
  const settle = () => new Promise((done) => setTimeout(done));
  return { again, reads, rests, settle };
}

describe('reading again', () => {
  it('begins at once', () => {
    const { again, reads } = made();
    again.soon();
    expect(reads.length).toBe(1);
  });

  it('lets a reading end, however many changes come meanwhile, and then reads once more', async () => {
    const { again, reads, rests, settle } = made();
    again.soon();
    for (let change = 0; change < 50; change++) again.soon();
    expect(reads.length).toBe(1);
    reads[0]?.();
    await settle();
    expect(reads.length).toBe(1); // it rests
    rests[0]?.();
    await settle();
    expect(reads.length).toBe(2);
    reads[1]?.();
    await settle();
    rests[1]?.();
    await settle();
    expect(reads.length).toBe(2);
  });

  it('reads a change that came during the rest after it', async () => {
    const { again, reads, rests, settle } = made();
    again.soon();
    reads[0]?.();
    await settle();
    again.soon();
    expect(reads.length).toBe(1);
    rests[0]?.();
    await settle();
    expect(reads.length).toBe(2);
  });

  it('goes on after a reading that failed', async () => {
    let reads = 0;
    const again = new Again(
      () => {
        reads += 1;
        return Promise.reject(new Error('no network'));
      },
      0,
      () => Promise.resolve(),
    );
    again.soon();
    await new Promise((done) => setTimeout(done));
    again.soon();
    await new Promise((done) => setTimeout(done));
    expect(reads).toBe(2);
  });
});
