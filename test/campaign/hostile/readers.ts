import { loadRecipe } from '../../../apps/benchmark/src/recipes/load-recipe.js';
import { loadSafetensors } from '@selfsup/ssl-nn';
import { WordPieceTokenizer } from '@selfsup/ssl-text-mlm';
import { readCheckpoint } from '@selfsup/ssl-train';
import { type FileReader, fileReaders } from '../../support/file-readers.js';

/** Everything of this repository that opens a file which somebody names. */
export const readers: readonly FileReader[] = [
  ...Object.values(fileReaders()),
  { name: 'loadSafetensors', file: 'a.safetensors', read: (path) => loadSafetensors(path) },
  { name: 'readCheckpoint', file: 'a.safetensors', read: (path) => readCheckpoint(path) },
  {
    name: 'WordPieceTokenizer',
    file: 'a.json',
    read: async (path) => (await WordPieceTokenizer.fromFile(path)).vocabSize,
  },
  { name: 'loadRecipe', file: 'a.yaml', read: async (path) => (await loadRecipe(path)).name },
];
