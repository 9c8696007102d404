import { InvalidOptionError, suggestion } from '@selfsup/ssl-core';
import { z } from 'zod';
import { recipeSchema } from './recipe-schema.js';
import type { Recipe } from './recipe-schema.js';

type Path = readonly PropertyKey[];

/** Characters of a stranger's text that a message repeats. */
const maxShown = 80;

/**
 * Checks a recipe and fills in its defaults.
 *
 * @param value what the YAML file held
 * @param file named in errors
 * @throws InvalidOptionError naming the file, the path of the key, and for an unknown key the nearest known one
 */
export function parseRecipe(value: unknown, file: string): Recipe {
  const result = recipeSchema.safeParse(value);
  if (result.success) return result.data;
  const issue = result.error.issues.find(({ code }) => code === 'unrecognized_keys') ?? result.error.issues[0]!;
  if (issue.code === 'unrecognized_keys') {
    const key = describe(issue.keys[0]);
    const known = knownKeys(recipeSchema, issue.path, value);
    const path = join([...issue.path, key]);
    throw new InvalidOptionError(
      file,
      path,
      `a known key${suggestion(key, known)}; known here: ${known.join(', ')}`,
      key,
    );
  }
  const path = join(issue.path);
  const actual = issue.path.reduce<unknown>(
    (parent, key) => (parent as Record<PropertyKey, unknown> | undefined)?.[key],
    value,
  );
  if (issue.code === 'invalid_union' && issue.discriminator !== undefined) {
    const names = discriminatorValues(recipeSchema, issue.path.slice(0, -1), value, issue.discriminator);
    const hint = typeof actual === 'string' ? suggestion(actual, names) : '';
    throw new InvalidOptionError(file, path, `one of ${names.join(', ')}${hint}`, describe(actual));
  }
  throw new InvalidOptionError(
    file,
    path === '' ? 'the recipe' : path,
    issue.message.replace(/^(?:Invalid|Too) \w+: expected (?:(?:number|int) to be )?/, ''),
    describe(actual),
  );
}

function join(path: Path): string {
  return path.map(String).join('.');
}

/** A value in words; what holds others is counted, since it may be large or hold itself. */
function describe(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (typeof value === 'object' && value !== null) return `a map of ${Object.keys(value).length} keys`;
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return text.length > maxShown ? `${text.slice(0, maxShown)}...` : text;
}

/** Follows a path into a schema, through defaults and by the discriminator of unions. */
function schemaAt(schema: z.core.$ZodType, path: Path, value: unknown): z.core.$ZodType | undefined {
  if (schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault || schema instanceof z.ZodOptional) {
    return schemaAt(schema.unwrap(), path, value);
  }
  if (schema instanceof z.ZodDiscriminatedUnion) {
    const name = schema.def.discriminator;
    const chosen = (value as Record<string, unknown> | null | undefined)?.[name];
    const option = schema.options.find((candidate) => literalsOf(candidate, name).includes(String(chosen)));
    return path.length === 0 && option === undefined ? schema : option && schemaAt(option, path, value);
  }
  const [key, ...rest] = path;
  if (key === undefined) return schema;
  if (!(schema instanceof z.ZodObject)) return undefined;
  const child = (schema.shape as Record<PropertyKey, z.core.$ZodType>)[key];
  return child && schemaAt(child, rest, (value as Record<PropertyKey, unknown>)[key]);
}

function knownKeys(schema: z.core.$ZodType, path: Path, value: unknown): string[] {
  const found = schemaAt(schema, path, value);
  return found instanceof z.ZodObject ? Object.keys(found.shape) : [];
}

function discriminatorValues(schema: z.core.$ZodType, path: Path, value: unknown, discriminator: string): string[] {
  const found = schemaAt(schema, path, value);
  return found instanceof z.ZodDiscriminatedUnion
    ? found.options.flatMap((option) => literalsOf(option, discriminator))
    : [];
}

function literalsOf(option: z.core.$ZodType, discriminator: string): string[] {
  const literal = option instanceof z.ZodObject ? (option.shape as Record<string, unknown>)[discriminator] : undefined;
  return literal instanceof z.ZodLiteral ? [...literal.values].map(String) : [];
}
