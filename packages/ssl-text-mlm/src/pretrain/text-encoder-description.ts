import { isJsonRecord, type JsonValue, readDescription, type RunConfig } from '@selfsup/ssl-train';
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

/**
 * Reads a description.
 *
 * @param metadata of the file
 * @throws CheckpointError for a file without one, of a newer form, or with one that is damaged
 */
export function readTextEncoderDescription(
  metadata: Readonly<Record<string, string>>,
  path: string,
): TextEncoderDescription {
  const place = {
    entry: descriptionEntry,
    format: descriptionFormat,
    package: '@selfsup/ssl-text-mlm',
    advice:
      'which pretrainText writes. Build its model by hand, of a config.json and a tokeniser, and load it with loadSafetensors',
  };
  return readDescription(metadata, path, place, wrongEntry);
}

const specialNames = ['pad', 'unk', 'cls', 'sep', 'mask'] as const;

function wrongEntry(value: Readonly<Record<string, unknown>>): string | undefined {
  const { specialTokens, maxLength, method } = value;
  const checks: Readonly<Record<string, boolean>> = {
    config: isJsonRecord(value['config']),
    specialTokens: isJsonRecord(specialTokens) && specialNames.every((name) => typeof specialTokens[name] === 'string'),
    maxLength: Number.isSafeInteger(maxLength) && (maxLength as number) >= 3,
    pooling: value['pooling'] === 'mean',
    method: isJsonRecord(method) && typeof method['name'] === 'string' && isJsonRecord(method['settings']),
    training: isJsonRecord(value['training']),
    versions: isJsonRecord(value['versions']),
  };
  return Object.keys(checks).find((name) => !checks[name]);
}
