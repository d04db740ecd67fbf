import { describe, expect, it } from 'vitest';
import { readUrl, type UrlState, writeUrl } from '../src/app/url.ts';

describe('a link', () => {
  it('brings back everything it was made from', () => {
    const state: UrlState = {
      lang: 'th',
      view: { lng: 105.229, lat: 15.2451, zoom: 14.25 },
      on: ['parcels', 'roads'],
      water: { kind: 'flood', key: 'return_period:100' },
      record: { layer: 'parcels', id: '17' },
      table: 'permits',
      at: Date.parse('2026-11-20T10:00:00Z'),
      gauge: 'M.7',
      kpi: 'roads',
      incident: '12',
      compare: 'return_period:50',
      event: { id: 7, kind: 'incident' },
      ask: 'coverage;v=walk;min=15;of=clinic,hospital',
      board: 'shelters/12',
    };
    expect(readUrl(writeUrl(state))).toEqual(state);
  });

  it.each([
    { kind: 'all' },
    { kind: 'stage', gauge: 'M.11B บ้านด่าน', stage: 112.5 },
    { kind: 'zones', ids: [3, 7] },
    { kind: 'flood', key: 'regulatory:เขต A & B, 1' },
    {
      kind: 'drawn',
      ring: [
        [105.1, 15.1],
        [105.2, 15.1],
        [105.2, 15.2],
      ],
    },
  ] as const)('carries the water %o', (water) => {
    expect(readUrl(writeUrl({ water })).water).toEqual(water);
  });

  it('names the open event by no number', () => {
    expect(writeUrl({ event: { id: null, kind: null } })).toBe('#ev=now');
    expect(readUrl('#ev=now').event).toEqual({ id: null, kind: null });
    expect(readUrl('#ev=1/../2').event).toBeUndefined();
    expect(readUrl('#ask=<b>').ask).toBeUndefined();
  });

  it('tells no layer apart from nothing said', () => {
    expect(readUrl('#on=').on).toEqual([]);
    expect(readUrl('').on).toBeUndefined();
  });

  it.each([
    '#view=99/15/105',
    '#view=14/95/105',
    '#view=a/b/c',
    '#zones=1,x',
    '#drawn=1/2,3/4',
    '#drawn=500/2,3/4,5/6',
    '#rec=parcels',
    '#rec=../../etc/passwd/1',
    '#lang=xx',
    '#table=<script>',
    '#t=yesterday',
    '#inc=1;drop',
    '#stage=M.7/x',
    '#cmp=all',
  ])('does not believe %s', (hash) => {
    expect(readUrl(hash)).toEqual({});
  });

  it('stays readable', () => {
    expect(
      writeUrl({ lang: 'en', water: { kind: 'flood', key: 'stage:M.7:112.5' }, on: ['a', 'b'] }),
    ).toBe('#lang=en&on=a,b&zones=stage:M.7:112.5');
  });
});
