import { nothing } from 'lit';
import { describe, expect, it } from 'vitest';
import type { Age } from '../src/api/types.ts';
import { age, staleAt } from '../src/ui/age.ts';

const TOLD: Age = {
  as_of: '2026-11-18T00:00:00Z',
  age_days: 3,
  expected_days: 30,
  state: 'fresh',
  says: { th: 'ข้อมูลเมื่อ 3 วันก่อน · ควรใหม่ทุก 30 วัน', en: 'Data of 3 days ago' },
};

describe('the age of a layer', () => {
  it('is said in the words of the server', () => {
    const made = age(TOLD, ({ th }) => th);
    expect(JSON.stringify(made)).toContain('ข้อมูลเมื่อ 3 วันก่อน · ควรใหม่ทุก 30 วัน');
    expect(JSON.stringify(made)).toContain('fresh');
  });

  it('is not said where there are no data, nor by an older server', () => {
    expect(age({ ...TOLD, state: 'empty' }, ({ th }) => th)).toBe(nothing);
    expect(age(undefined, ({ th }) => th)).toBe(nothing);
  });

  it('is stale beyond what is expected, counted from when the answer was worked out', () => {
    expect(staleAt('2026-10-01T00:00:00Z', 30, '2026-11-21T00:00:00Z')).toBe(true);
    expect(staleAt('2026-11-20T00:00:00Z', 30, '2026-11-21T00:00:00Z')).toBe(false);
    expect(staleAt('2020-01-01T00:00:00Z', null, '2026-11-21T00:00:00Z')).toBe(false);
    expect(staleAt(null, 30, '2026-11-21T00:00:00Z')).toBe(false);
  });
});
