import type { JsonValue } from '@selfsup/ssl-train';

/** A value as one writes it in TypeScript. */
export function written(value: JsonValue): string {
  if (Array.isArray(value)) return `[${value.map(written).join(', ')}]`;
  if (typeof value !== 'object' || value === null)
    return typeof value === 'string'
      ? `'${JSON.stringify(value).slice(1, -1).replaceAll('\\"', '"').replaceAll("'", "\\'")}'`
      : JSON.stringify(value);
  const entries = Object.entries(value).map(([name, item]) => `${name}: ${written(item as JsonValue)}`);
  return entries.length === 0 ? '{}' : `{ ${entries.join(', ')} }`;
}

/** An object of entries that are written already and of those of records. */
export function writtenObject(...parts: readonly (string | Readonly<Record<string, JsonValue>>)[]): string {
  const entries = parts.map((part) => (typeof part === 'string' ? part : written(part).replace(/^\{ ?| ?\}$/g, '')));
  return `{ ${entries.filter((entry) => entry !== '').join(', ')} }`;
}
