/**
 * Writes TypeScript types of the server's own models from its OpenAPI description.
 *
 *     node scripts/api-types.ts openapi.json src/api/types.gen.ts
 *
 * Models in answers become interfaces whose properties are all there; a property that the
 * description does not require may be absent or null.
 */
import { readFileSync, writeFileSync } from 'node:fs';

interface Schema {
  readonly $ref?: string;
  readonly type?: string;
  readonly title?: string;
  readonly description?: string;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly allOf?: readonly Schema[];
  readonly items?: Schema;
  readonly prefixItems?: readonly Schema[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean | Schema;
}

const SIMPLE: Readonly<Record<string, string>> = {
  string: 'string',
  integer: 'number',
  number: 'number',
  boolean: 'boolean',
  null: 'null',
};

function typeOf(schema: Schema): string {
  if (schema.$ref) return nameOf(schema.$ref.split('/').at(-1) ?? '');
  const values = schema.const === undefined ? schema.enum : [schema.const];
  if (values) return values.map((value) => JSON.stringify(value)).join(' | ');
  const either = schema.anyOf ?? schema.oneOf;
  if (either) return [...new Set(either.map(typeOf))].join(' | ');
  if (schema.allOf) return schema.allOf.map(typeOf).join(' & ');
  return shapeOf(schema);
}

function shapeOf(schema: Schema): string {
  if (schema.prefixItems) return `readonly [${schema.prefixItems.map(typeOf).join(', ')}]`;
  if (schema.type === 'array') return listOf(schema.items);
  if (schema.properties) return `{\n${properties(schema)}}`;
  if (schema.type === 'object' || schema.additionalProperties) {
    const value = schema.additionalProperties;
    return `Readonly<Record<string, ${typeof value === 'object' ? typeOf(value) : 'unknown'}>>`;
  }
  return SIMPLE[schema.type ?? ''] ?? 'unknown';
}

function listOf(items: Schema | undefined): string {
  const inner = items ? typeOf(items) : 'unknown';
  return `readonly ${inner.includes(' ') ? `(${inner})` : inner}[]`;
}

function nameOf(name: string): string {
  return name.replace(/[^A-Za-z0-9_]/g, '_');
}

function comment(text: string | undefined, indent: string): string {
  return text
    ? `${indent}/** ${text.replace(/\s+/g, ' ').replaceAll('*/', '* /').trim()} */\n`
    : '';
}

function properties(schema: Schema): string {
  const required = new Set(schema.required);
  return Object.entries(schema.properties ?? {})
    .map(([name, property]) => {
      const key = /^[A-Za-z_]\w*$/.test(name) ? name : JSON.stringify(name);
      const optional = required.has(name) ? '' : '?';
      return `${comment(property.description, '  ')}  readonly ${key}${optional}: ${typeOf(property)};\n`;
    })
    .join('');
}

function declaration([name, schema]: [string, Schema]): string {
  const head = comment(schema.description, '');
  if (schema.properties)
    return `${head}export interface ${nameOf(name)} {\n${properties(schema)}}\n`;
  return `${head}export type ${nameOf(name)} = ${typeOf(schema)};\n`;
}

const [source, target] = process.argv.slice(2);
if (!source || !target) throw new Error('usage: node scripts/api-types.ts openapi.json out.ts');
const described = JSON.parse(readFileSync(source, 'utf8')) as {
  components: { schemas: Record<string, Schema> };
};
const parts = Object.entries(described.components.schemas)
  .sort(([a], [b]) => (a < b ? -1 : 1))
  .map(declaration);
const head =
  "// Made from the server's OpenAPI description by scripts/api-types.ts; do not edit.\n" +
  '// To make it anew: npm run types (docs/dashboard.md).\n\n';
writeFileSync(target, head + parts.join('\n'));
