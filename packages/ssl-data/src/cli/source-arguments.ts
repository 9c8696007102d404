import { InvalidOptionError } from '@selfsup/ssl-core';
import type { OpenSourceOptions, SourceKind } from '../source/source-recogniser.js';
import { sourceRecognisers } from '../source/source-recognisers.js';
import { didYouMean } from './did-you-mean.js';

/** Arguments that say what is opened, and how. */
export const sourceArguments = {
  source: { type: 'positional', required: true, description: 'Path, pattern with braces, or URL' },
  kind: {
    type: 'string',
    valueHint: 'name',
    description: `What it is, where it does not show: ${sourceRecognisers.map(({ kind }) => kind).join(', ')}`,
  },
  split: {
    type: 'string',
    valueHint: 'name',
    description: 'train or test, of sources that have both (default: train)',
  },
  labels: { type: 'string', valueHint: 'how', description: 'Of folders: folders (sub-folders are classes) or none' },
  'label-file': { type: 'string', valueHint: 'file', description: 'IDX or .npy file with the classes' },
  classes: {
    type: 'string',
    valueHint: 'file',
    description: 'The classes in the order of their numbers, a name a line or a JSON array (default: sorted names)',
  },
  'allow-empty': { type: 'boolean', description: 'Accept classes without samples; they keep their numbers' },
  recognise: {
    type: 'string',
    valueHint: 'how',
    description: 'Of folders: endings, or contents to go by first bytes too (default: endings)',
  },
  options: {
    type: 'string',
    valueHint: 'json',
    description: `Options of the kind's data set, by the names that messages give them, such as '{"imageColumn":"photo"}'`,
  },
  encoding: {
    type: 'string',
    valueHint: 'name',
    description: 'Of tables and lists: utf-16le, windows-1252, ... (default: utf-8)',
  },
  cache: { type: 'string', valueHint: 'folder', description: 'Where shards from a server are kept' },
} as const;

/** What citty parses {@link sourceArguments} into. */
export interface SourceArguments {
  readonly kind?: string | undefined;
  readonly split?: string | undefined;
  readonly labels?: string | undefined;
  readonly 'label-file'?: string | undefined;
  readonly classes?: string | undefined;
  readonly 'allow-empty'?: boolean | undefined;
  readonly recognise?: string | undefined;
  readonly options?: string | undefined;
  readonly encoding?: string | undefined;
  readonly cache?: string | undefined;
}

/** Throws {@link InvalidOptionError} for a value that is not accepted. */
export function sourceOptions(where: string, args: SourceArguments): OpenSourceOptions {
  const { kind, split, labels, 'label-file': labelFile, classes, recognise, encoding, cache } = args;
  const { 'allow-empty': allowEmpty, options } = args;
  const kinds = sourceRecognisers.map((recogniser) => recogniser.kind);
  return {
    ...(kind === undefined ? {} : { kind: oneOf<SourceKind>(where, '--kind', kinds, kind) }),
    ...(split === undefined ? {} : { split: oneOf(where, '--split', ['train', 'test'] as const, split) }),
    ...(labels === undefined ? {} : { labels: oneOf(where, '--labels', ['folders', 'none'] as const, labels) }),
    ...(labelFile === undefined ? {} : { labelFile }),
    ...(classes === undefined ? {} : { classes }),
    ...(allowEmpty === undefined ? {} : { allowEmpty }),
    ...(recognise === undefined
      ? {}
      : { recognise: oneOf(where, '--recognise', ['endings', 'contents'] as const, recognise) }),
    ...(options === undefined ? {} : { options: jsonOptions(where, options) }),
    ...(encoding === undefined ? {} : { encoding }),
    ...(cache === undefined ? {} : { cache: { folder: cache } }),
  };
}

/** Throws {@link InvalidOptionError} unless the value is one of the choices. */
export function oneOf<T extends string>(where: string, option: string, choices: readonly T[], value: string): T {
  const found = choices.find((choice) => choice === value);
  if (found === undefined)
    throw new InvalidOptionError(where, option, `one of ${choices.join(', ')}`, value, didYouMean(value, choices));
  return found;
}

function jsonOptions(where: string, text: string): Readonly<Record<string, unknown>> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    value = undefined;
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new InvalidOptionError(where, '--options', `an object in JSON, such as '{"keyPrefix":"image-"}'`, text);
  return value as Record<string, unknown>;
}
