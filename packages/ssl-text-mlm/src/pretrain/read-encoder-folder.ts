import { join } from 'node:path';
import { isFile } from '@selfsup/ssl-core/files';
import { CheckpointError } from '@selfsup/ssl-tensor/host';
import type { JsonValue } from '@selfsup/ssl-train';
import { readConfigJson } from '../models/config-format.js';
import { loadMaskedLm, loadTextModel } from '../models/load-text-model.js';
import { textConfigToJson } from '../models/text-families.js';
import { checkVocabulary, paddedRows } from '../tokenizer/check-vocabulary.js';
import { loadTokenizer } from '../tokenizer/load-tokenizer.js';
import { LoadedTextEncoder, type TextEncoderModel } from './loaded-text-encoder.js';
import { longestOf } from './longest-of.js';
import { architectureOf, type TextEncoderHead, type TextPooling } from './text-encoder-description.js';

type Json = Readonly<Record<string, unknown>>;

const where = 'loadTextEncoder';

/** How sentence-transformers makes a row of a text. */
interface SentenceSettings {
  readonly pooling: TextPooling;
  readonly normalize: boolean;
  /** Longest text, tokens. */
  readonly maxLength?: number;
}

/**
 * The encoder of a folder of transformers or sentence-transformers.
 *
 * @throws CheckpointError or DataError for what is missing, damaged or not computed here
 */
export async function readEncoderFolder(folder: string): Promise<LoadedTextEncoder> {
  const { pooling, normalize, maxLength: most = 512 } = await sentenceSettings(folder);
  const tokenizer = await loadTokenizer(folder);
  const [architecture] =
    ((await object(folder, 'config.json'))['architectures'] as readonly unknown[] | undefined) ?? [];
  const head: TextEncoderHead =
    typeof architecture === 'string' && architecture.endsWith('ForMaskedLM') ? 'masked-lm' : 'none';
  const { model } = head === 'masked-lm' ? await loadMaskedLm(folder) : await loadTextModel(folder);
  const encoder = 'encoder' in model ? model.encoder : model;
  try {
    checkVocabulary(tokenizer, encoder.config.vocabSize, folder, paddedRows);
    return new LoadedTextEncoder(model as TextEncoderModel, tokenizer, {
      format: 1,
      config: textConfigToJson(encoder, architectureOf(head, encoder)) as Readonly<Record<string, JsonValue>>,
      head,
      specialTokens: tokenizer.specialTokens,
      maxLength: Math.min(most, longestOf(encoder)),
      pooling,
      normalize,
      method: { name: 'unknown', settings: {} },
      training: {},
      versions: {},
    });
  } catch (cause) {
    model.dispose();
    throw cause;
  }
}

/** What `modules.json` and the folders that it names say; of a folder without it the usual. */
async function sentenceSettings(folder: string): Promise<SentenceSettings> {
  const usual = { pooling: 'mean', normalize: false } as const;
  const file = join(folder, 'modules.json');
  if (!(await isFile(file))) return usual;
  const modules = await readConfigJson(file, 'utf-8', where);
  if (!Array.isArray(modules)) throw new CheckpointError('must be a list of modules', { path: file });
  const kinds = modules.map((module: unknown) => {
    const { type, path } = (module ?? {}) as { readonly type?: unknown; readonly path?: unknown };
    // Its folder is one within this one.
    if (typeof type !== 'string' || typeof path !== 'string' || /^[\\/]|\.\.|:/.test(path))
      throw new CheckpointError("must say the 'type' and the folder ('path') of each module", { path: file });
    return { kind: type.split('.').at(-1)!, path };
  });
  const found = kinds.map(({ kind }) => kind).join(', ');
  const [transformer, pooling, normalize, ...others] = kinds;
  if (
    transformer?.kind !== 'Transformer' ||
    transformer.path !== '' ||
    pooling?.kind !== 'Pooling' ||
    (normalize !== undefined && normalize.kind !== 'Normalize') ||
    others.length > 0
  )
    throw new CheckpointError(
      `must be Transformer in the folder itself, Pooling and perhaps Normalize, got ${found.slice(0, 120)}: other modules are not computed here`,
      { path: file },
    );
  const settings = join(folder, 'sentence_bert_config.json');
  const maxLength = (await isFile(settings))
    ? (await object(folder, 'sentence_bert_config.json'))['max_seq_length']
    : undefined;
  if (maxLength !== undefined && maxLength !== null && !(Number.isSafeInteger(maxLength) && (maxLength as number) >= 3))
    throw new CheckpointError("'max_seq_length' must be an integer of 3 or more", { path: settings });
  return {
    pooling: await poolingOf(folder, pooling.path),
    normalize: normalize !== undefined,
    ...(typeof maxLength === 'number' ? { maxLength } : {}),
  };
}

async function poolingOf(folder: string, name: string): Promise<TextPooling> {
  const path = join(folder, name, 'config.json');
  const config = await object(join(folder, name), 'config.json');
  const modes = Object.entries(config).filter(([key, value]) => key.startsWith('pooling_mode_') && value === true);
  const chosen = modes.map(([key]) => key.slice('pooling_mode_'.length));
  // Newer files name it.
  const [mode] = typeof config['pooling_mode'] === 'string' ? [config['pooling_mode']] : chosen;
  if (chosen.length <= 1 && (mode === 'mean_tokens' || mode === 'mean')) return 'mean';
  if (chosen.length <= 1 && (mode === 'cls_token' || mode === 'cls')) return 'cls';
  throw new CheckpointError(
    `must have one pooling mode, the mean of the tokens or the first one, got ${chosen.join(', ') || String(mode)}: others are not computed here`,
    { path },
  );
}

async function object(folder: string, name: string): Promise<Json> {
  const path = join(folder, name);
  const value = await readConfigJson(path, 'utf-8', where);
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Json;
  throw new CheckpointError('must be a JSON object', { path });
}
