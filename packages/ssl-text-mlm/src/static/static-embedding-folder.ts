import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { checkPath, writeWhole } from '@selfsup/ssl-core/files';
import { readText } from '@selfsup/ssl-data/text';
import { loadSafetensors, saveSafetensors } from '@selfsup/ssl-nn';
import { DataError, randomKey } from '@selfsup/ssl-tensor/host';
import { loadTokenizer } from '../tokenizer/load-tokenizer.js';
import type { TextTokenizer } from '../tokenizer/text-tokenizer.js';
import { StaticEmbedding } from './static-embedding.js';

const files = { weights: 'model.safetensors', tokenizer: 'tokenizer.json', config: 'config.json' } as const;
/** Bytes of a configuration, at most. */
const maxConfigBytes = 1 << 20;

/** What saves itself as a `tokenizer.json`. */
export interface SavedTokenizer {
  readonly vocabSize: number;
  save(path: string): Promise<void>;
}

/**
 * Writes a static embedding as model2vec has it: `model.safetensors`, `tokenizer.json`, `config.json`.
 *
 * @param folder made where it is not there
 * @throws DataError where the tokeniser is of another size, and where a file cannot be written
 */
export async function saveStaticEmbedding(
  folder: string,
  encoder: StaticEmbedding,
  tokenizer: SavedTokenizer,
): Promise<void> {
  checkPath('saveStaticEmbedding', 'folder', folder);
  checkSizes(encoder.vocabSize, tokenizer.vocabSize, folder);
  await mkdir(folder, { recursive: true });
  await saveSafetensors(join(folder, files.weights), encoder.stateDict());
  await tokenizer.save(join(folder, files.tokenizer));
  const config = {
    model_type: 'model2vec',
    architectures: ['StaticModel'],
    hidden_dim: encoder.featureDim,
    normalize: encoder.normalize,
  };
  await writeWhole(join(folder, files.config), `${JSON.stringify(config, undefined, 2)}\n`);
}

/**
 * Reads such a folder, of ours or of model2vec.
 *
 * @throws DataError where a file is missing or does not fit the others, and for a tokeniser that `loadTokenizer` does not read
 */
export async function loadStaticEmbedding(
  folder: string,
): Promise<{ readonly encoder: StaticEmbedding; readonly tokenizer: TextTokenizer }> {
  checkPath('loadStaticEmbedding', 'folder', folder);
  const path = join(folder, files.config);
  const text = await readText(path, { encoding: 'utf-8', maxBytes: maxConfigBytes, where: 'loadStaticEmbedding' });
  let config: unknown;
  try {
    config = JSON.parse(text);
  } catch (cause) {
    throw new DataError('is no JSON', { path, cause });
  }
  const { normalize = false } = (config ?? {}) as { readonly normalize?: unknown };
  if (typeof normalize !== 'boolean') throw new DataError('normalize has to be true or false', { path });
  const weights = join(folder, files.weights);
  const { tensors } = await loadSafetensors(weights);
  const table = tensors.get('embeddings');
  const [vocabSize, dim] = table?.shape ?? [];
  if (table?.shape.length !== 2 || !(vocabSize! > 0 && dim! > 0)) {
    const found = [...tensors].map(([name, { shape }]) => `${name} [${shape.join(', ')}]`).join(', ');
    throw new DataError(`has no tensor embeddings [tokens, dim], but ${found.slice(0, 500) || 'none'}`, {
      path: weights,
    });
  }
  const tokenizer = await loadTokenizer(join(folder, files.tokenizer));
  checkSizes(vocabSize!, tokenizer.vocabSize, folder);
  const encoder = new StaticEmbedding(vocabSize!, dim!, { key: randomKey(0), normalize });
  encoder.loadStateDict(new Map([['embeddings', table]]));
  return { encoder, tokenizer };
}

function checkSizes(table: number, vocabulary: number, path: string): void {
  if (table !== vocabulary)
    throw new DataError(`the table has ${table} tokens, the tokeniser ${vocabulary}; take the one it was made with`, {
      path,
    });
}
