import { describe, expect, it } from 'vitest';
import type { PropertySchema } from '../src/api/types.ts';
import { lines, shown } from '../src/record/values.ts';

describe('a value in words', () => {
  it('is nothing when nothing is recorded, and 0 when 0 is', () => {
    for (const empty of [null, undefined, '', []]) {
      expect(shown(empty, { type: 'string' }, 'th')).toBeNull();
    }
    expect(shown(0, { type: 'integer' }, 'th')?.text).toBe('0');
    expect(shown(false, { type: 'boolean' }, 'en')?.text).toBe('no');
  });

  it('is what people call a code, also in lists', () => {
    const schema: PropertySchema = {
      'x-enumLabels': { oxygen: 'ออกซิเจน', suction: 'เครื่องดูดเสมหะ' },
    };
    expect(shown('oxygen', schema, 'th')?.text).toBe('ออกซิเจน');
    expect(shown('new', schema, 'th')?.text).toBe('new');
    expect(shown(['oxygen', 'suction'], { type: 'array', items: schema }, 'th')?.text).toBe(
      'ออกซิเจน, เครื่องดูดเสมหะ',
    );
  });

  it('has its unit, and an area its Thai units beside it', () => {
    expect(shown(9990, { type: 'number', 'x-unit': 'm2' }, 'th')).toEqual({
      text: '9,990 ตร.ม.',
      also: '6 ไร่ 97.5 ตร.ว.',
    });
    expect(shown(112.5, { type: 'number', 'x-unit': 'm MSL' }, 'en')?.text).toBe('112.5 m MSL');
  });

  it('is a date of the reader’s era', () => {
    expect(shown('2026-11-20', { format: 'date' }, 'th')?.text).toBe('20 พ.ย. 2569');
    expect(shown('2026-11-20', { format: 'date' }, 'en')?.text).toBe('20 Nov 2026');
  });

  it('does not group the digits of an id', () => {
    expect(shown(12345, { type: 'integer', 'x-ogc-role': 'id' }, 'en')?.text).toBe('12345');
  });
});

describe('a record', () => {
  it('keeps its own fields apart from the platform’s, and has no geometry among them', () => {
    const schemas: Record<string, PropertySchema> = {
      id: { title: 'Record no.' },
      code: { title: 'Code' },
      use: { title: 'Use' },
      updated_at: { title: 'Updated', format: 'date-time' },
      geometry: { title: 'Geometry', format: 'geometry-multipolygon' },
    };
    const { own, system } = lines({ id: 1, code: 'A', use: null }, schemas, 'en');
    expect(own.map(({ title, value }) => [title, value?.text ?? null])).toEqual([
      ['Code', 'A'],
      ['Use', null],
    ]);
    expect(system.map(({ title }) => title)).toEqual(['Record no.', 'Updated']);
  });
});
