import { describe, expect, it } from 'vitest';
import * as format from '../src/format.ts';

describe('land area', () => {
  it('writes rai, ngan and square wa: 1 rai = 4 ngan = 400 sq wa = 1,600 m2', () => {
    expect(format.raiNganWa(1600)).toEqual({ rai: 1, ngan: 0, wa: 0 });
    expect(format.raiNganWa(400)).toEqual({ rai: 0, ngan: 1, wa: 0 });
    expect(format.raiNganWa(2 * 1600 + 400 + 35.5 * 4)).toEqual({ rai: 2, ngan: 1, wa: 35.5 });
  });

  it('carries a rounded square wa into the next unit', () => {
    expect(format.raiNganWa(1599.99)).toEqual({ rai: 1, ngan: 0, wa: 0 });
    expect(format.raiNganWa(399.9)).toEqual({ rai: 0, ngan: 1, wa: 0 });
  });

  it('names only the units that are there', () => {
    expect(format.landArea(1600, 'th')).toBe('1 ไร่');
    expect(format.landArea(0, 'en')).toBe('0 sq wa');
    expect(format.landArea(446, 'th')).toBe('1 งาน 11.5 ตร.ว.');
  });

  it('gives floods whole rai and km2', () => {
    expect(format.floodArea(8_160_000, 'en')).toEqual({ rai: '5,100 rai', km2: '8.16 km²' });
  });
});

describe('dates', () => {
  it('are Buddhist era in Thai and common era in English', () => {
    expect(format.date('2026-11-20', 'th')).toBe('20 พ.ย. 2569');
    expect(format.date('2026-11-20', 'en')).toBe('20 Nov 2026');
  });

  it('keep a leap day that exists in the common era only', () => {
    expect(format.date('2024-02-29', 'th')).toBe('29 ก.พ. 2567');
  });

  it('do not move with the reader’s time zone', () => {
    expect(format.date('2026-01-01', 'en')).toContain('2026');
  });

  it('show what cannot be read as it is', () => {
    expect(format.date('not a day', 'th')).toBe('not a day');
  });

  it('write moments on a 24-hour clock', () => {
    const noon = new Date(2026, 10, 20, 0, 5);
    expect(format.clock(noon, 'en')).toBe('00:05');
    expect(format.dateTime(noon, 'th')).toContain('2569');
  });
});

describe('amounts', () => {
  it('turn to kilometres from one kilometre on', () => {
    expect(format.length(999, 'en')).toBe('999 m');
    expect(format.length(1300, 'th')).toBe('1.3 กม.');
  });

  it('say an age in one unit', () => {
    expect(format.span(4.9, 'en')).toBe('4 s');
    expect(format.span(61, 'th')).toBe('1 นาที');
    expect(format.span(7300, 'en')).toBe('2 h');
    expect(format.span(-3, 'en')).toBe('0 s');
  });

  it('name units by code and leave unknown ones alone', () => {
    expect(format.unit('m MSL', 'th')).toBe('ม.รทก.');
    expect(format.unit('NTU', 'th')).toBe('NTU');
  });
});
