import { join } from 'node:path';
import { readText } from '@selfsup/ssl-data/text';
import { wordNetDirectory } from '../../apps/benchmark/src/data/wordnet.js';

/** An adjective and the adverb that WordNet derives from it. */
export interface AdverbPair {
  readonly adjective: string;
  readonly adverb: string;
}

/** Words of a line of wndb(5WN), in order. */
const wordsOf = (fields: readonly string[]): string[] =>
  Array.from({ length: Number.parseInt(fields[3]!, 16) }, (_, at) => fields[4 + 2 * at]!.replace(/\(.*/, ''));

const linesOf = async (part: string): Promise<string[]> => {
  const text = await readText(join(wordNetDirectory(), `data.${part}`), { maxBytes: 2 ** 26 });
  return text.split('\n').filter((line) => /^\d{8} /.test(line));
};

/** `quick` and `quickly`: the adverbs of WordNet with a pointer `\` to the adjective that they are of; each adverb once. */
export async function adverbPairs(): Promise<readonly AdverbPair[]> {
  const adjectives = new Map((await linesOf('adj')).map((line) => [line.slice(0, 8), wordsOf(line.split(' '))]));
  const pairs = new Map<string, AdverbPair>();
  for (const line of await linesOf('adv')) {
    const own = wordsOf(line.split(' '));
    for (const [, offset, from, to] of line.matchAll(/ \\ (\d{8}) a ([\da-f]{2})([\da-f]{2})/g)) {
      const adverb = own[Number.parseInt(from!, 16) - 1];
      const adjective = adjectives.get(offset!)?.[Number.parseInt(to!, 16) - 1];
      if (adverb !== undefined && adjective !== undefined && !pairs.has(adverb))
        pairs.set(adverb, { adjective: adjective.toLowerCase(), adverb: adverb.toLowerCase() });
    }
  }
  return [...pairs.values()];
}
