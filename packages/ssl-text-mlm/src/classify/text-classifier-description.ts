import { type JsonValue, readDescription, type RunConfig } from '@selfsup/ssl-train';
import { describedEntries } from '../pretrain/described-entries.js';
import type { TextPooling } from '../pretrain/text-encoder-description.js';
import type { SpecialTokens } from '../tokenizer/special-tokens.js';

/** Entries of a safetensors file's metadata: what the classifier is, and its `tokenizer.json`. */
export const classifierEntry = 'selfsup.text-classifier';
export const classifierTokenizerEntry = 'selfsup.text-classifier.tokenizer';

/** What a text classifier's file says of itself. */
export interface TextClassifierDescription {
  readonly format: 1;
  /** Of the encoder, as Hugging Face's `config.json`. */
  readonly config: Readonly<Record<string, JsonValue>>;
  readonly specialTokens: SpecialTokens;
  /** Longest text with its frame, tokens; the rest is cut off. */
  readonly maxLength: number;
  readonly pooling: TextPooling;
  /** Names of the classes, in the order of the scores. */
  readonly labels: readonly string[];
  /** All settings of the run, and what came of it. */
  readonly training: RunConfig;
  /** By name: node, the runtime, this project's packages. */
  readonly versions: Readonly<Record<string, string>>;
}

/** @throws CheckpointError for a file without a description, of a newer form, or with one that is damaged */
export function readTextClassifierDescription(
  metadata: Readonly<Record<string, string>>,
  path: string,
): TextClassifierDescription {
  const place = {
    entry: classifierEntry,
    format: 1,
    package: '@selfsup/ssl-text-mlm',
    advice: 'which fineTuneText writes',
  };
  return readDescription(metadata, path, place, wrongEntry);
}

function wrongEntry(value: Readonly<Record<string, unknown>>): string | undefined {
  const { labels } = value;
  const checks: Readonly<Record<string, boolean>> = {
    ...describedEntries(value),
    labels: Array.isArray(labels) && labels.length >= 2 && labels.every((label) => typeof label === 'string'),
  };
  return Object.keys(checks).find((name) => !checks[name]);
}
