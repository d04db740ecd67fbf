import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { FORMATS, fileHref } from '../src/table/files.ts';

describe('files of a layer', () => {
  it('are offered in every format the server writes', () => {
    const path = join(import.meta.dirname, '../../../docs/openapi.json');
    const described = JSON.parse(readFileSync(path, 'utf8'));
    const { parameters } = described.paths['/exports/{layer}.{format}'].get;
    const format = parameters.find((part: { name: string }) => part.name === 'format');
    expect(FORMATS.map(([suffix]) => suffix).sort()).toEqual([...format.schema.enum].sort());
  });

  it('have titles in the language of the page', () => {
    expect(fileHref('parcels', 'xlsx', 'th')).toBe('/exports/parcels.xlsx?lang=th');
    expect(fileHref('parcels', 'shp.zip', 'en')).toBe('/exports/parcels.shp.zip?lang=en');
  });

  it('are safe to open in a spreadsheet', () => {
    expect(fileHref('roads', 'csv', 'th')).toBe('/exports/roads.csv?lang=th&bom=true&guard=true');
  });
});
