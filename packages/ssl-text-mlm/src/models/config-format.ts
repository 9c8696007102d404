import { readText } from '@selfsup/ssl-data/text';
import { CheckpointError, SslError } from '@selfsup/ssl-tensor/host';
import { ignoredConfigFields, type RequiredConfigField } from '../bert/bert-config-fields.js';

/** A kind of field that is neither number nor flag. */
export interface ConfigFieldKind {
  /** For the message. */
  readonly title: string;
  /** Our value of the file's; undefined where that is none of the kind. */
  readonly read: (value: unknown) => unknown;
}

/** How a family's configuration is written in Hugging Face's `config.json`. */
export interface ConfigFormat<C extends object> {
  /** `model_type` of the file. */
  readonly modelType: string;
  /** The family's name in messages. */
  readonly title: string;
  /** Our names and the file's, of all that `readMore` does not read. */
  readonly names: Readonly<Partial<Record<keyof C & string, string>>>;
  /** Fields that may be null. */
  readonly nullable: ReadonlySet<string>;
  /** Fields that are true or false; the others are numbers. */
  readonly flags: ReadonlySet<string>;
  /** Fields that are text. Default none. */
  readonly texts?: ReadonlySet<string>;
  /** Takes fields of a form of their own out of the file's, and says the options that they are. */
  readonly readMore?: (given: Map<string, unknown>, path?: string) => Partial<C> & Readonly<Record<string, unknown>>;
  /** Such fields of a configuration. */
  readonly writeMore?: (config: C) => Readonly<Record<string, unknown>>;
  /** Fields of other kinds. */
  readonly others?: Readonly<Record<string, ConfigFieldKind>>;
  /** Fields, by the file's names, that follow from the configuration: another value is refused. */
  readonly derived?: (config: C) => Readonly<Record<string, number>>;
  /** Fields of which only some values are computed here, by the file's names. */
  readonly required: ReadonlyMap<string, RequiredConfigField>;
  /** Further fields that change nothing that is computed here, with the reason. */
  readonly ignored?: ReadonlyMap<string, string>;
  /** Fields that are written beside the configuration. */
  readonly fixed: Readonly<Record<string, unknown>>;
  /** The whole configuration; its errors begin with `functionName: option`. */
  readonly make: (options: Partial<C>) => C;
  readonly functionName: string;
  /** What reads a file with unknown fields, for the advice. */
  readonly reportName: string;
}

/** A configuration, and what of the file it does not hold. */
export interface ConfigReport<C> {
  readonly config: C;
  /** Fields that change nothing that is computed here, with the reason. */
  readonly ignored: ReadonlyMap<string, string>;
  /** Fields that transformers does not write for the family; nobody knows here what they do. */
  readonly unknown: readonly string[];
}

/** Largest configuration file, bytes. */
const maxConfigBytes = 2 ** 22;

/** Our names and the file's. */
const namesOf = <C extends object>({ names }: ConfigFormat<C>): [string, string][] =>
  Object.entries(names as Readonly<Record<string, string>>);

/** The `config.json` with which Hugging Face loads a model. */
export function writeConfig<C extends object>(
  format: ConfigFormat<C>,
  config: C,
  architecture: string,
  extra: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  const entries = namesOf(format).map(([ours, theirs]): [string, unknown] => [theirs, config[ours as keyof C]]);
  return {
    architectures: [architecture],
    model_type: format.modelType,
    ...format.fixed,
    ...Object.fromEntries(entries),
    ...format.writeMore?.(config),
    ...extra,
  };
}

/**
 * A configuration from a Hugging Face `config.json`; what it leaves out has the family's usual value.
 *
 * @throws CheckpointError for a field whose value changes what is computed in a way that this package does not compute
 */
export function readConfig<C extends object>(format: ConfigFormat<C>, json: unknown, path?: string): ConfigReport<C> {
  const where = path === undefined ? {} : { path };
  if (typeof json !== 'object' || json === null || Array.isArray(json))
    throw new CheckpointError('the configuration must be a JSON object', where);
  const given = new Map<string, unknown>(Object.entries(json));
  for (const [name, { accepted, advice }] of format.required) {
    const value = given.get(name) ?? null;
    if (value === null || accepted.includes(textOf(value))) continue;
    throw new CheckpointError(
      `'${name}' must be ${accepted.join(' or ')}, got ${textOf(value).slice(0, 80)}: ${advice}`,
      where,
    );
  }
  const options: Record<string, unknown> = { ...format.readMore?.(given, path) };
  for (const [ours, theirs] of namesOf(format)) {
    const value = given.get(theirs);
    if (value === undefined) continue;
    const kind = format.others?.[ours];
    const plain = format.flags.has(ours) ? 'boolean' : format.texts?.has(ours) === true ? 'string' : 'number';
    const wanted = kind?.title ?? plain;
    const read = kind === undefined ? (typeof value === wanted ? value : undefined) : kind.read(value);
    if (read !== undefined) options[ours] = read;
    else if (value === null && format.nullable.has(ours)) options[ours] = null;
    else throw new CheckpointError(`'${theirs}' must be a ${wanted}, got ${textOf(value).slice(0, 80)}`, where);
  }
  const ours = new Set<string>(Object.values(format.names));
  const left = [...given.keys()].filter((name) => !ours.has(name) && !format.required.has(name));
  const known = new Map([...ignoredConfigFields, ...(format.ignored ?? [])]);
  try {
    const config = format.make(options as Partial<C>);
    const derived = format.derived?.(config) ?? {};
    for (const [name, expected] of Object.entries(derived))
      if ((given.get(name) ?? expected) !== expected)
        throw new CheckpointError(
          `'${name}' must be ${expected}, which follows from the other fields, got ${textOf(given.get(name)).slice(0, 80)}: other sizes are not computed here`,
          where,
        );
    const others = left.filter((name) => !Object.hasOwn(derived, name));
    return {
      config,
      ignored: new Map(others.filter((name) => known.has(name)).map((name) => [name, known.get(name)!])),
      unknown: others.filter((name) => !known.has(name)),
    };
  } catch (cause) {
    if (!SslError.isInstance(cause) || cause instanceof CheckpointError) throw cause;
    // By the file's own name: ours stands nowhere in it.
    const named = namesOf(format).reduce(
      (text, [ours, theirs]) => text.replace(`${format.functionName}: ${ours} `, `'${theirs}' `),
      cause.message,
    );
    throw new CheckpointError(named, { ...where, cause });
  }
}

/**
 * The configuration of a report.
 *
 * @throws CheckpointError for fields that transformers does not write for the family
 */
export function knownConfig<C extends object>(
  format: ConfigFormat<C>,
  { config, unknown }: ConfigReport<C>,
  path?: string,
): C {
  if (unknown.length === 0) return config;
  const list = unknown.slice(0, 8).map((name) => `'${name.slice(0, 60)}'`);
  throw new CheckpointError(
    `${list.join(', ')}${unknown.length > 8 ? ` and ${unknown.length - 8} more` : ''}: transformers writes no such field for ${format.title}, so what it does would be lost; remove it, or read the file with ${format.reportName}, which lists it`,
    path === undefined ? {} : { path },
  );
}

/**
 * Reads a file of JSON.
 *
 * @throws DataError if the file is missing, larger than 4 MiB or not valid in its encoding; CheckpointError for no JSON
 */
export async function readConfigJson(path: string, encoding: string, where: string): Promise<unknown> {
  const text = await readText(path, { encoding, maxBytes: maxConfigBytes, where });
  try {
    return JSON.parse(text) as unknown;
  } catch (cause) {
    throw new CheckpointError(`not valid JSON: ${(cause as Error).message}`, { path, cause });
  }
}

/** A value of a document as JSON; nesting is cut, as a stranger's may be deep. */
export function textOf(value: unknown): string {
  if (Array.isArray(value)) return value.length === 0 ? '[]' : 'a list';
  if (typeof value === 'object' && value !== null) return Object.keys(value).length === 0 ? '{}' : 'an object';
  return typeof value === 'string' ? JSON.stringify(value) : String(value as number | boolean | null | undefined);
}
