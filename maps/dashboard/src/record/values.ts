/** Values of a record in words, by the layer's own schema. Pure. */
import type { Properties, PropertySchema, Scalar } from '../api/types.ts';
import { date, dateTime, landArea, number, unit } from '../format.ts';
import { type Lang, say } from '../i18n/index.ts';

/** Columns every layer has beside its own (`layers.model.SYSTEM_FIELDS`). */
export const SYSTEM_FIELDS: ReadonlySet<string> = new Set([
  'id',
  'source',
  'dataset_id',
  'updated_at',
  'updated_by',
]);

export interface Shown {
  readonly text: string;
  /** The same in other units, such as rai beside square metres. */
  readonly also?: string;
}

type Value = Scalar | readonly Scalar[] | undefined;

/** One value as a person reads it; null when nothing is recorded. */
export function shown(value: Value, schema: PropertySchema | undefined, lang: Lang): Shown | null {
  if (value === null || value === undefined || value === '') return null;
  if (Array.isArray(value)) {
    const items = value as readonly Scalar[];
    const texts = items.map((item) => one(item, schema?.items ?? schema, lang).text);
    return texts.length ? { text: texts.join(', ') } : null;
  }
  return one(value as Scalar, schema, lang);
}

function one(value: Scalar, schema: PropertySchema | undefined, lang: Lang): Shown {
  const label = schema?.['x-enumLabels']?.[String(value)];
  if (label !== undefined) return { text: label };
  if (typeof value === 'boolean') return { text: say(lang, value ? 'yes' : 'no') };
  if (typeof value === 'number') return figure(value, schema, lang);
  if (schema?.format === 'date') return { text: date(String(value), lang) };
  if (schema?.format === 'date-time') return { text: dateTime(String(value), lang) };
  return { text: String(value) };
}

function figure(value: number, schema: PropertySchema | undefined, lang: Lang): Shown {
  // an id or a year is a name made of digits, not an amount
  if (schema?.['x-ogc-role'] === 'id') return { text: String(value) };
  const code = schema?.['x-unit'];
  const digits = schema?.type === 'integer' ? 0 : 2;
  const amount = number(value, lang, digits);
  if (!code) return { text: amount };
  const text = `${amount} ${unit(code, lang)}`;
  return code === 'm2' ? { text, also: landArea(value, lang) } : { text };
}

export interface Line {
  readonly name: string;
  readonly title: string;
  readonly description: string | undefined;
  readonly value: Shown | null;
}

/** The lines of a record: its own fields in the schema's order, then the platform's. */
export function lines(
  properties: Properties,
  schemas: Readonly<Record<string, PropertySchema>>,
  lang: Lang,
): { readonly own: readonly Line[]; readonly system: readonly Line[] } {
  const all = fieldNames(schemas).map((name) => ({
    name,
    title: schemas[name]?.title ?? name,
    description: schemas[name]?.description,
    value: shown(properties[name], schemas[name], lang),
  }));
  return {
    own: all.filter(({ name }) => !SYSTEM_FIELDS.has(name)),
    system: all.filter(({ name }) => SYSTEM_FIELDS.has(name)),
  };
}

/** Names of the attributes of a schema, geometry left out. */
export function fieldNames(schemas: Readonly<Record<string, PropertySchema>>): string[] {
  return Object.keys(schemas).filter(
    (name) =>
      schemas[name]?.['x-ogc-role'] !== 'primary-geometry' &&
      !schemas[name]?.format?.startsWith('geometry'),
  );
}
