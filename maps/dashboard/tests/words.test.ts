import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ask as askEn } from '../src/i18n/ask.en.ts';
import { ask as askTh } from '../src/i18n/ask.th.ts';
import { desk as deskEn } from '../src/i18n/desk.en.ts';
import { desk as deskTh } from '../src/i18n/desk.th.ts';
import { en as pageEn } from '../src/i18n/en.ts';
import { events as eventsEn } from '../src/i18n/events.en.ts';
import { events as eventsTh } from '../src/i18n/events.th.ts';
import { say, sayMaybe } from '../src/i18n/index.ts';
import { th as pageTh } from '../src/i18n/th.ts';

const en = { ...pageEn, ...deskEn, ...eventsEn, ...askEn };
const th = { ...pageTh, ...deskTh, ...eventsTh, ...askTh };

const places = (text: string) => (text.match(/\{\w+\}/g) ?? []).sort();
const keys = Object.keys(en) as (keyof typeof en)[];

function sources(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return sources(path);
    return path.endsWith('.ts') && !path.includes('i18n') ? [readFileSync(path, 'utf8')] : [];
  });
}

describe('words', () => {
  it('have the same places to fill in both languages', () => {
    for (const key of keys) expect(places(th[key]), key).toEqual(places(en[key]));
  });

  it('are Thai in Thai and not in English', () => {
    const thai = /[\u0e00-\u0e7f]/;
    for (const key of keys) {
      expect(thai.test(en[key]), key).toBe(false);
      // a place to fill, a symbol or a number needs no Thai letter
      if (/[a-z]/i.test(th[key].replace(/\{\w+\}/g, ''))) {
        expect(th[key], key).toMatch(/[\u0e00-\u0e7f]/);
      }
    }
  });

  it('are all used', () => {
    const code = sources(join(import.meta.dirname, '../src')).join('\n');
    const built = [
      'flood.kind.',
      'live.',
      'tab.',
      'unit.',
      'kpi.',
      'age.',
      'role.',
      'left.',
      'gauge.quality.',
      'gauge.flag.',
      'kpis.',
      'time.',
      'quick.',
      'act.',
      'event.',
      'asks.',
      'ask.vehicle.',
      'ask.gap.',
      'ask.reach.',
      'ask.status.',
      'ask.placed.',
    ];
    const unused = keys.filter(
      (key) => !code.includes(`'${key}'`) && !built.some((start) => key.startsWith(start)),
    );
    expect(unused).toEqual([]);
  });

  it('keep a place nobody filled, so that it is noticed', () => {
    expect(say('en', 'flood.years', { n: 100 })).toBe('100 years');
    expect(say('en', 'flood.years')).toBe('{n} years');
  });

  it('fall back for what the server names and the page does not know', () => {
    expect(sayMaybe('th', 'kpi.people', 'x')).toBe('คน');
    expect(sayMaybe('th', 'kpi.gauges', 'gauges')).toBe('gauges');
  });
});
