import { CheckpointError } from '@selfsup/ssl-tensor/host';
import type { JsonValue, RunConfig } from '@selfsup/ssl-train';
import type { SpecialTokens } from '../tokenizer/special-tokens.js';

/** Entries of a safetensors file's metadata: what the encoder is, and its `tokenizer.json`. */
export const descriptionEntry = 'selfsup.text-encoder';
export const tokenizerEntry = 'selfsup.text-encoder.tokenizer';
/** Version of their form. */
export const descriptionFormat = 1;

/** What a text encoder's file says of itself. */
export interface TextEncoderDescription {
  readonly format: typeof descriptionFormat;
  /** As Hugging Face's `config.json`. */
  readonly config: Readonly<Record<string, JsonValue>>;
  /** Names of the tokens that `tokenizer.json` does not name by their part. */
  readonly specialTokens: SpecialTokens;
  /** Longest sequence with `[CLS]` and `[SEP]`, tokens; the rest of a text is cut off. */
  readonly maxLength: number;
  /** How the tokens of a text become one row: their mean, `[CLS]` and `[SEP]` among them. */
  readonly pooling: 'mean';
  readonly method: { readonly name: string; readonly settings: RunConfig };
  /** All settings of the run, and what came of it. */
  readonly training: RunConfig;
  /** By name: node, the runtime, this project's packages. */
  readonly versions: Readonly<Record<string, string>>;
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/**
 * Reads a description.
 *
 * @param metadata of the file
 * @throws CheckpointError for a file without one, of a newer form, or with one that is damaged
 */
export function readDescription(metadata: Readonly<Record<string, string>>, path: string): TextEncoderDescription {
  const text = metadata[descriptionEntry];
  if (text === undefined)
    throw new CheckpointError(
      `does not describe itself: its metadata have no '${descriptionEntry}', which pretrainText writes. Build its model by hand, of a config.json and a tokeniser, and load it with loadSafetensors`,
      { path },
    );
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new CheckpointError(`has a damaged description: ${(cause as Error).message}`, { path, cause });
  }
  const format = isRecord(value) ? value['format'] : undefined;
  if (typeof format === 'number' && format > descriptionFormat)
    throw new CheckpointError(
      `was written by a newer version: its description has form ${format}, this version reads ${descriptionFormat}. Update @selfsup/ssl-text-mlm`,
      { path },
    );
  const wrong = isRecord(value) ? wrongEntry(value) : 'the whole';
  if (wrong !== undefined)
    throw new CheckpointError(`has a damaged description: ${wrong} is not as it should be`, { path });
  return value as TextEncoderDescription;
}

const specialNames = ['pad', 'unk', 'cls', 'sep', 'mask'] as const;

function wrongEntry(value: Readonly<Record<string, unknown>>): string | undefined {
  const { format, specialTokens, maxLength, method } = value;
  const checks: Readonly<Record<string, boolean>> = {
    format: format === descriptionFormat,
    config: isRecord(value['config']),
    specialTokens: isRecord(specialTokens) && specialNames.every((name) => typeof specialTokens[name] === 'string'),
    maxLength: Number.isSafeInteger(maxLength) && (maxLength as number) >= 3,
    pooling: value['pooling'] === 'mean',
    method: isRecord(method) && typeof method['name'] === 'string' && isRecord(method['settings']),
    training: isRecord(value['training']),
    versions: isRecord(value['versions']),
  };
  return Object.keys(checks).find((name) => !checks[name]);
}
