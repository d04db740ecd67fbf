import type { Lang } from '../i18n/index.ts';

/** Kinds of file a layer is offered as, people's spreadsheets first. */
export const FORMATS = [
  ['xlsx', 'Excel'],
  ['csv', 'CSV'],
  ['gpkg', 'GeoPackage'],
  ['shp.zip', 'Shapefile'],
  ['geojson', 'GeoJSON'],
  ['geojsonl', 'GeoJSONL'],
  ['fgb', 'FlatGeobuf'],
  ['parquet', 'GeoParquet'],
] as const;

export type Suffix = (typeof FORMATS)[number][0];

/** The address of a whole layer as a file; a CSV is made for whom opens it in a spreadsheet. */
export function fileHref(layer: string, suffix: Suffix, lang: Lang): string {
  const asked = new URLSearchParams({ lang });
  if (suffix === 'csv') {
    asked.set('bom', 'true');
    asked.set('guard', 'true');
  }
  return `/exports/${encodeURIComponent(layer)}.${suffix}?${asked}`;
}
