import { isJsonRecord, type JsonValue, readDescription, type RunConfig } from '@selfsup/ssl-train';
import type { TextModel } from '../models/text-model.js';
import type { SpecialTokens } from '../tokenizer/special-tokens.js';
import { describedEntries } from './described-entries.js';

/** Entries of a safetensors file's metadata: what the encoder is, and its `tokenizer.json`. */
export const descriptionEntry = 'selfsup.text-encoder';
export const tokenizerEntry = 'selfsup.text-encoder.tokenizer';
/** Version of their form. */
export const descriptionFormat = 1;

/** What the weights of a file are beside the encoder: scores of words, of replaced tokens, or nothing. */
export type TextEncoderHead = 'masked-lm' | 'token-detection' | 'none';

/** How the tokens of a text become one row. */
export type TextPooling = 'mean' | 'cls';

/** What a text encoder's file says of itself. */
export interface TextEncoderDescription {
  readonly format: typeof descriptionFormat;
  /** As Hugging Face's `config.json`. */
  readonly config: Readonly<Record<string, JsonValue>>;
  /** Names of the tokens that `tokenizer.json` does not name by their part. */
  readonly specialTokens: SpecialTokens;
  /** Longest sequence with `[CLS]` and `[SEP]`, tokens; the rest of a text is cut off. */
  readonly maxLength: number;
  /** Default `masked-lm`. */
  readonly head?: TextEncoderHead;
  /** How the tokens of a text become one row: their mean, `[CLS]` and `[SEP]` among them, or the first one. */
  readonly pooling: TextPooling;
  /** Whether rows are scaled to length 1 where the call does not say. Default false. */
  readonly normalize?: boolean;
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

/** End of the name of transformers' class that reads an encoder with such a head. */
export function architectureOf(head: TextEncoderHead, { baseName }: TextModel): string {
  if (head === 'masked-lm') return 'ForMaskedLM';
  // Of the other families it has no class for that head, and reads the encoder alone.
  return head === 'token-detection' && baseName === 'electra' ? 'ForPreTraining' : 'Model';
}

function wrongEntry(value: Readonly<Record<string, unknown>>): string | undefined {
  const { method } = value;
  const checks: Readonly<Record<string, boolean>> = {
    ...describedEntries(value),
    head: ['masked-lm', 'token-detection', 'none', undefined].includes(value['head'] as string | undefined),
    normalize: ['boolean', 'undefined'].includes(typeof value['normalize']),
    method: isJsonRecord(method) && typeof method['name'] === 'string' && isJsonRecord(method['settings']),
  };
  return Object.keys(checks).find((name) => !checks[name]);
}
