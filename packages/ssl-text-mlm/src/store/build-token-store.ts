import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { checkPath, FolderLock, makeFolder } from '@selfsup/ssl-core/files';
import { checkOptions, InvalidOptionError, type OptionNames } from '@selfsup/ssl-tensor/host';
import { type ProgressOption, tellerOf } from '@selfsup/ssl-train';
import { type TextData, type TextFileOptions, textFileOptionNames, textSource } from '../pretrain/text-source.js';
import type { TextTokenizer } from '../tokenizer/text-tokenizer.js';
import { fillStores } from './fill-stores.js';
import { storeFiles } from './store-files.js';
import { TokenStore } from './token-store.js';

/** Options of {@link buildTokenStore}. */
export interface BuildTokenStoreOptions extends TextFileOptions {
  /** Folder of the store. */
  readonly path: string;
  /** Texts: a folder or file, an array, or a function that gives them anew each time; in the same order each time. */
  readonly data: TextData;
  readonly tokenizer: TextTokenizer;
  readonly progress?: ProgressOption;
}

const buildTokenStoreOptionNames: OptionNames<BuildTokenStoreOptions> = {
  ...textFileOptionNames,
  path: 'required',
  data: 'required',
  tokenizer: 'required',
  progress: 'optional',
};

const where = 'buildTokenStore';

/**
 * Encodes texts into a {@link TokenStore}, once: they are streamed, and a fraction of a MiB is in memory. The same call after
 * the process was killed goes on where it stopped, and with a finished store opens it without reading the texts.
 *
 * Texts without a token that the vocabulary knows are left out, and counted in `header.skipped`.
 *
 * @throws DataError for texts that cannot be read, a folder with the store of another tokeniser, one that was begun with
 *   other texts, and a damaged store
 *
 * @example
 * const store = await buildTokenStore({ path: 'runs/notes/tokens', data: 'notes', tokenizer });
 * const loader = new MlmLoader({ dataset: store.blocks({ length: 128 }), tokenizer, batchSize: 32, key });
 */
export async function buildTokenStore(options: BuildTokenStoreOptions): Promise<TokenStore> {
  const { path, data, tokenizer, progress, ...files } = checkOptions(where, options, buildTokenStoreOptionNames);
  checkPath(where, 'path', path);
  if (typeof (tokenizer as Partial<TextTokenizer>).encode !== 'function') {
    const expected = 'a tokeniser, such as await loadTokenizer(path)';
    throw new InvalidOptionError(where, 'tokenizer', expected, tokenizer);
  }
  const source = textSource(where, data, files);
  const tell = tellerOf(where, progress);
  await makeFolder(path);
  const lock = await FolderLock.acquire(path, { purpose: 'building a token store' });
  try {
    const isFinished = await stat(join(path, storeFiles.header)).then(
      () => true,
      () => false,
    );
    if (isFinished) return await TokenStore.open(path, { tokenizer });
    const { texts, tokens } = await fillStores(
      source,
      [path],
      () => 0,
      tokenizer,
      (so, goesOn) =>
        tell(
          goesOn ? `going on after ${so.texts} texts, ${so.tokens} tokens` : `${so.texts} texts, ${so.tokens} tokens`,
        ),
    );
    tell(`${texts} texts, ${tokens} tokens: finished`);
    return await TokenStore.open(path, { tokenizer });
  } finally {
    await lock.release();
  }
}
