import { addresses } from '../../texts/addresses.js';
import { loadWordnetGlosses } from '../../../apps/benchmark/src/data/wordnet.js';

/** Glosses and sentences of the addresses in turn: short and long lines, again from the start where there are too few. */
export async function mixedLines(count: number): Promise<string[]> {
  const { glosses } = await loadWordnetGlosses();
  const sentences = (await addresses()).flatMap((address) => address.sentences);
  return Array.from({ length: count }, (_, at) =>
    at % 2 === 0 ? glosses[(at / 2) % glosses.length]!.text : sentences[((at - 1) / 2) % sentences.length]!,
  );
}
