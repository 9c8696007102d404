import { CheckpointError, SslError } from '@selfsup/ssl-tensor/host';
import type { RequiredConfigField } from '../bert/bert-config-fields.js';

/** How a family's `config.json` is read into the options of its configuration. */
export interface ConfigDocument<C> {
  /** For messages, such as `ModernBERT`. */
  readonly family: string;
  /** The function that makes a configuration of options; its messages begin with its name. */
  readonly make: (options: Readonly<Record<string, unknown>>) => C;
  readonly makerName: string;
  /** Our names and the file's, with the type of the value. */
  readonly fields: ReadonlyMap<string, { readonly theirs: string; readonly type: 'number' | 'boolean' | 'string' }>;
  /** Our names of fields that may be null. */
  readonly nullable: ReadonlySet<string>;
  /** Fields of which only some values are computed here. */
  readonly required: ReadonlyMap<string, RequiredConfigField>;
  /** Fields that change nothing that is computed here, with the reason. */
  readonly ignored: ReadonlyMap<string, string>;
}

/** A configuration, and what of the file it does not hold. */
export interface ConfigReport<C> {
  readonly config: C;
  /** Fields that change nothing that is computed here, with the reason. */
  readonly ignored: ReadonlyMap<string, string>;
  /** Fields that transformers does not write for the family; nobody knows here what they do. */
  readonly unknown: readonly string[];
}

/** @throws CheckpointError for what is no object */
export function configFields(json: unknown, path?: string): Map<string, unknown> {
  if (typeof json === 'object' && json !== null && !Array.isArray(json)) return new Map(Object.entries(json));
  throw new CheckpointError('the configuration must be a JSON object', path === undefined ? {} : { path });
}

/**
 * Reads the fields of a document.
 *
 * @param given what {@link configFields} gave, less what was read before
 * @param more options that were read before, by our names
 * @throws CheckpointError for a field whose value changes what is computed in a way that this package does not compute, and
 *   for one out of range
 */
export function readConfigDocument<C>(
  document: ConfigDocument<C>,
  given: ReadonlyMap<string, unknown>,
  more: Readonly<Record<string, unknown>>,
  path?: string,
): ConfigReport<C> {
  const where = path === undefined ? {} : { path };
  for (const [name, { accepted, advice }] of document.required) {
    const value = given.get(name) ?? null;
    if (value === null || accepted.includes(textOf(value))) continue;
    const expected = accepted.length === 0 ? 'null' : accepted.join(' or ');
    throw new CheckpointError(`'${name}' must be ${expected}, got ${textOf(value).slice(0, 80)}: ${advice}`, where);
  }
  const options: Record<string, unknown> = { ...more };
  for (const [ours, { theirs, type }] of document.fields) {
    const value = given.get(theirs);
    if (value === undefined) continue;
    if (typeof value === type || (value === null && document.nullable.has(ours))) options[ours] = value;
    else throw new CheckpointError(`'${theirs}' must be a ${type}, got ${textOf(value).slice(0, 80)}`, where);
  }
  const held = new Set([...document.fields.values()].map(({ theirs }) => theirs));
  const others = [...given.keys()].filter((name) => !held.has(name) && !document.required.has(name));
  try {
    return {
      config: document.make(options),
      ignored: new Map(others.flatMap((name) => [...reasonOf(document, name)])),
      unknown: others.filter((name) => !document.ignored.has(name)),
    };
  } catch (cause) {
    if (!SslError.isInstance(cause)) throw cause;
    // By the file's own name: ours stands nowhere in it.
    const named = [...document.fields].reduce(
      (text, [ours, { theirs }]) => text.replace(`${document.makerName}: ${ours} `, `'${theirs}' `),
      cause.message,
    );
    throw new CheckpointError(named, { ...where, cause });
  }
}

/** @throws CheckpointError where a report has fields that nobody knows */
export function knownConfig<C>(
  { config, unknown }: ConfigReport<C>,
  { family }: ConfigDocument<C>,
  reporter: string,
  path?: string,
): C {
  if (unknown.length === 0) return config;
  const list = unknown.slice(0, 8).map((name) => `'${name.slice(0, 60)}'`);
  throw new CheckpointError(
    `${list.join(', ')}${unknown.length > 8 ? ` and ${unknown.length - 8} more` : ''}: transformers writes no such field for ${family}, so what it does would be lost; remove it, or read the file with ${reporter}, which lists it`,
    path === undefined ? {} : { path },
  );
}

/** A value of a document as JSON; nesting is cut, as a stranger's may be deep. */
export function textOf(value: unknown): string {
  if (Array.isArray(value)) return value.length === 0 ? '[]' : 'a list';
  if (typeof value === 'object' && value !== null) return Object.keys(value).length === 0 ? '{}' : 'an object';
  return typeof value === 'string' ? JSON.stringify(value) : String(value as number | boolean | null | undefined);
}

function reasonOf<C>({ ignored }: ConfigDocument<C>, name: string): readonly [string, string][] {
  const reason = ignored.get(name);
  return reason === undefined ? [] : [[name, reason]];
}
