import { readText } from '@selfsup/ssl-data/text';
import { CheckpointError, SslError } from '@selfsup/ssl-tensor/host';
import { ignoredConfigFields, type RequiredConfigField, requiredConfigFields } from '../bert/bert-config-fields.js';

/** A configuration, and what of the file it does not hold. */
export interface ConfigReport<C> {
  readonly config: C;
  /** Fields that change nothing that is computed here, with the reason. */
  readonly ignored: ReadonlyMap<string, string>;
  /** Fields that transformers does not write for this model; nobody knows here what they do. */
  readonly unknown: readonly string[];
}

/** How a field of ours stands in the file. */
export interface ConfigField {
  /** Hugging Face's name. */
  readonly name: string;
  /** What a value must be, for the message. */
  readonly kind: 'number' | 'boolean' | 'text' | 'number or null' | 'list of names';
  /** What transformers takes where the file has none. */
  readonly fallback: unknown;
}

/** A family's `config.json`. */
export interface ConfigSchema<C> {
  readonly modelType: string;
  readonly fields: Readonly<Record<keyof C & string, ConfigField>>;
  /** Fields whose other values are refused, besides those that all models have. */
  readonly required: Readonly<Record<string, RequiredConfigField>>;
  /** Fields that change nothing, besides those that all models have, with the reason. */
  readonly ignored: Readonly<Record<string, string>>;
  /** Name of {@link make}, as its errors begin. */
  readonly where: string;
  readonly make: (options: Partial<C>) => C;
}

/** Largest configuration file, bytes. */
const maxConfigBytes = 2 ** 22;

/** Reads a field; undefined where it is of another kind. A list of names may be written with bars, `c2p|p2c`. */
function valueOf({ kind, fallback }: ConfigField, value: unknown): unknown {
  if (value === undefined || (value === null && fallback === null)) return fallback;
  if (kind === 'text') return typeof value === 'string' ? value : undefined;
  if (kind !== 'list of names') return typeof value === (kind === 'boolean' ? 'boolean' : 'number') ? value : undefined;
  if (value === null) return [];
  const list: unknown = typeof value === 'string' ? value.toLowerCase().split('|') : value;
  if (!Array.isArray(list) || !list.every((name) => typeof name === 'string')) return undefined;
  return list.map((name) => name.trim()).filter((name) => name !== '');
}

/** @throws CheckpointError for a field whose value changes what is computed in a way that this package does not compute */
export function readConfigRecord<C>(schema: ConfigSchema<C>, json: unknown, path?: string): ConfigReport<C> {
  const where = path === undefined ? {} : { path };
  if (typeof json !== 'object' || json === null || Array.isArray(json))
    throw new CheckpointError('the configuration must be a JSON object', where);
  const given = new Map<string, unknown>(Object.entries(json));
  const required = new Map([...requiredConfigFields, ...Object.entries(schema.required)]);
  required.set('model_type', {
    accepted: [JSON.stringify(schema.modelType)],
    advice: `use the weights of a model of this type, or read the file with the function for its own`,
  });
  // Only BERT's kind of model has it, and here positions are fields of the configuration.
  required.delete('position_embedding_type');
  for (const [name, { accepted, advice }] of required) {
    const value = given.get(name) ?? null;
    if (value === null || accepted.includes(textOf(value))) continue;
    throw new CheckpointError(`'${name}' must be ${accepted.join(' or ')}, got ${textOf(value)}: ${advice}`, where);
  }
  const fields = Object.entries(schema.fields) as [keyof C & string, ConfigField][];
  const options: Record<string, unknown> = {};
  for (const [ours, field] of fields) {
    const value = valueOf(field, given.get(field.name));
    if (value === undefined && field.fallback !== undefined)
      throw new CheckpointError(`'${field.name}' must be a ${field.kind}, got ${textOf(given.get(field.name))}`, where);
    if (value !== undefined) options[ours] = value;
  }
  const known = new Set(fields.map(([, { name }]) => name));
  const ignorable = new Map([...ignoredConfigFields, ...Object.entries(schema.ignored)]);
  const others = [...given.keys()].filter((name) => !known.has(name) && !required.has(name));
  try {
    return {
      config: schema.make(options as Partial<C>),
      ignored: new Map(others.flatMap((name) => (ignorable.has(name) ? [[name, ignorable.get(name)!]] : []))),
      unknown: others.filter((name) => !ignorable.has(name)),
    };
  } catch (cause) {
    if (!SslError.isInstance(cause)) throw cause;
    // By the file's own name: ours stands nowhere in it.
    const named = fields.reduce(
      (text, [ours, { name }]) => text.replace(`${schema.where}: ${ours} `, `'${name}' `),
      cause.message,
    );
    throw new CheckpointError(named, { ...where, cause });
  }
}

/** The record with which Hugging Face loads the model. */
export function writeConfigRecord<C>(schema: ConfigSchema<C>, config: C, architecture: string): Record<string, unknown> {
  const fields = Object.entries(schema.fields) as [keyof C & string, ConfigField][];
  return {
    architectures: [architecture],
    model_type: schema.modelType,
    hidden_act: 'gelu',
    tie_word_embeddings: true,
    ...Object.fromEntries(fields.map(([ours, { name }]) => [name, config[ours]])),
  };
}

/**
 * @throws DataError if the file is missing, larger than 4 MiB or not valid in its encoding; CheckpointError if it is no JSON
 */
export async function readConfigFile(where: string, path: string): Promise<unknown> {
  const text = await readText(path, { encoding: 'utf-8', maxBytes: maxConfigBytes, where });
  try {
    return JSON.parse(text) as unknown;
  } catch (cause) {
    throw new CheckpointError(`not valid JSON: ${(cause as Error).message}`, { path, cause });
  }
}

/** A value of a document as JSON, shortened; nesting is cut, as a stranger's may be deep. */
function textOf(value: unknown): string {
  if (Array.isArray(value)) return value.length === 0 ? '[]' : 'a list';
  if (typeof value === 'object' && value !== null) return Object.keys(value).length === 0 ? '{}' : 'an object';
  const text = typeof value === 'string' ? JSON.stringify(value) : String(value as number | boolean | null | undefined);
  return text.slice(0, 80);
}
