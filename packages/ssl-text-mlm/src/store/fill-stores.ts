import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { writeWhole } from '@selfsup/ssl-core/files';
import type { TextSource } from '../pretrain/text-source.js';
import type { TextTokenizer } from '../tokenizer/text-tokenizer.js';
import { StoreBuilder } from './store-builder.js';
import { storeFiles } from './store-files.js';
import { headerText } from './store-header.js';

/** What is told of a store that is being built. */
export interface FilledSoFar {
  /** Texts that are in the stores, and their ids. */
  readonly texts: number;
  readonly tokens: number;
}

/** Ids after which what was done is brought to the disk, and told. */
const tokensBetweenSaves = 2 ** 24;

/**
 * Encodes the texts of a source into stores, reading it once; goes on where an earlier call was killed. Of several stores one
 * that no text has a token for is left without a header.
 *
 * @param paths folders of the stores, which are there
 * @param storeOf which of them a text belongs to, by its number in the source
 * @param onProgress told at the beginning where something was there, and from time to time
 * @throws as `buildTokenStore`
 */
export async function fillStores(
  source: TextSource,
  paths: readonly string[],
  storeOf: (index: number) => number,
  tokenizer: TextTokenizer,
  onProgress: (so: FilledSoFar, goesOn: boolean) => void,
): Promise<FilledSoFar> {
  const builders: StoreBuilder[] = [];
  const sum = (of: (builder: StoreBuilder) => number): number =>
    builders.reduce((total, builder) => total + of(builder), 0);
  const soFar = (): FilledSoFar => ({ texts: sum(({ texts }) => texts), tokens: sum(({ tokens }) => tokens) });
  try {
    for (const path of paths) {
      // What is written anew is not finished.
      await rm(join(path, storeFiles.header), { force: true });
      builders.push(new StoreBuilder(path, tokenizer));
    }
    if (sum(({ done }) => done) > 0) onProgress(soFar(), true);
    try {
      let saved = soFar().tokens;
      let index = 0;
      await source.read((text) => {
        builders[storeOf(index++)]!.add(text);
        const { tokens } = soFar();
        if (tokens < saved + tokensBetweenSaves) return;
        for (const builder of builders) builder.save();
        saved = tokens;
        onProgress(soFar(), false);
      });
      for (const [at, builder] of builders.entries()) {
        if (builder.texts === 0 && builders.length > 1) continue;
        await writeWhole(join(paths[at]!, storeFiles.header), headerText(builder.finish()));
      }
    } catch (cause) {
      for (const builder of builders) builder.save();
      throw cause;
    }
  } finally {
    for (const builder of builders) builder.close();
  }
  for (const path of paths) await rm(join(path, storeFiles.journal), { force: true });
  return soFar();
}
