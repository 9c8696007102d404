import { checkPath } from '@selfsup/ssl-core/files';
import { checkOptions, DataError } from '@selfsup/ssl-tensor/host';
import { readTokenizerFolder, type TokenizerFolder } from './read-tokenizer-folder.js';
import { type MadeTokenizer, readTokenizerJson } from './read-tokenizer.js';
import type { TokenizerKind } from './tokenizer-kind.js';
import { type TokenizerFolderOptions, tokenizerFolderOptionNames } from './tokenizer-options.js';

/**
 * Reads the tokeniser of a model's folder.
 *
 * @throws DataError if a file is missing or cannot be read, is of another kind or has what is not known here
 */
export async function folderTokenizer(
  kind: TokenizerKind,
  folder: string,
  options: TokenizerFolderOptions,
): Promise<MadeTokenizer> {
  const where = `${kind.className}.fromFolder`;
  const { encoding = 'utf-8', specialTokens } = checkOptions(where, options, tokenizerFolderOptionNames);
  checkPath(where, 'folder', folder);
  const read = await readTokenizerFolder(folder, { where, encoding, kind: kind.type, specialTokens });
  return madeOfFolder(kind, read);
}

/** @throws DataError where a token that the folder names is not among the added ones */
export function madeOfFolder(
  kind: TokenizerKind,
  { json, specialTokens, required, path }: TokenizerFolder,
): MadeTokenizer {
  const made = readTokenizerJson(kind, json, { path, ...(specialTokens === undefined ? {} : { specialTokens }) });
  for (const { content, id } of required) {
    const known = made[0].addedTokens.find((token) => token.content === content);
    if (known === undefined || (id !== undefined && known.id !== id))
      throw new DataError(
        `tokenizer_config.json has the added token '${content}'${id === undefined ? '' : ` with the id ${id}`}, which is not among the added tokens here; save the tokeniser anew with transformers (save_pretrained)`,
        { path },
      );
  }
  return made;
}
