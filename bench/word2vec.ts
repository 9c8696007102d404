/**
 * Word2Vec on the glosses of WordNet, ours and gensim's with one thread each on the same lines: seconds of the processor; how many of the ten
 * nearest words of frequent words both name, beside how many two seeds of gensim's do; and of analogies (quick : quickly as
 * slow : ?) the share whose answer is among the ten nearest. One JSON line.
 *
 * usage: PEER_PYTHON=python3 npx tsx --conditions=ssl-source bench/word2vec.ts [skipGram | cbow] [GLOSSES]   (gensim on the Python side)
 */
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { RandomStream, randomKey } from '@selfsup/ssl-tensor';
import { trainWord2Vec, word2VecDefaults, WordVectors } from '@selfsup/ssl-text-mlm';
import { loadWordnetGlosses } from '../apps/benchmark/src/data/wordnet.js';
import { adverbPairs } from './texts/adverb-pairs.js';
import { report } from './time-steps.js';

/** Analogies that are asked. */
const questions = 1000;

const model = process.argv[2] === 'cbow' ? 'cbow' : 'skipGram';
const folder = await mkdtemp(join(tmpdir(), 'word2vec-'));
try {
  const { glosses } = await loadWordnetGlosses();
  const most = Number(process.argv[3] ?? glosses.length);
  const lines = glosses.slice(0, most).map(({ text }) => (text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? []).join(' '));
  const data = join(folder, 'glosses.txt');
  await writeFile(data, lines.join('\n'));
  const settings = { ...word2VecDefaults, model, learningRate: model === 'cbow' ? 0.05 : 0.025 } as const;

  const began = process.cpuUsage();
  const ours = await trainWord2Vec({ ...settings, data, key: randomKey(1) });
  const used = process.cpuUsage(began);
  const seconds = (used.user + used.system) / 1e6;
  const peer = async (seed: number): Promise<{ readonly seconds: number; readonly vectors: WordVectors }> => {
    const path = join(folder, `gensim-${seed}.bin`);
    const script = join(import.meta.dirname, 'peers', 'word2vec.py');
    const python = process.env['PEER_PYTHON'] ?? 'python3';
    const { stdout } = await promisify(execFile)(python, [script, data, path, model, String(seed)]);
    return { seconds: Number(stdout), vectors: await WordVectors.load(path) };
  };
  const [first, second] = [await peer(1), await peer(2)];
  // Frequent words beyond the most frequent, which are near everything.
  const asked = ours.words.slice(100, 600).filter((word) => first.vectors.has(word));
  const shared = (a: WordVectors, b: WordVectors): number => {
    const of = (vectors: WordVectors, word: string): string[] => vectors.mostSimilar(word).map((found) => found.word);
    const both = asked.map((word) => of(a, word).filter((found) => of(b, word).includes(found)).length);
    return both.reduce((sum, count) => sum + count, 0) / asked.length;
  };
  const known = (await adverbPairs()).filter(({ adjective, adverb }) =>
    [ours, first.vectors].every((vectors) => vectors.has(adjective) && vectors.has(adverb)),
  );
  const answered = (vectors: WordVectors): number => {
    const stream = new RandomStream(randomKey(2));
    let right = 0;
    for (let question = 0; question < questions; question++) {
      const given = known[stream.integer(known.length)]!;
      const wanted = known[stream.integer(known.length)]!;
      const found = vectors.analogy(given.adjective, given.adverb, wanted.adjective);
      right += Number(found.some(({ word }) => word === wanted.adverb));
    }
    return right / questions;
  };
  report({
    model,
    lines: lines.length,
    words: ours.words.length,
    seconds: { ours: seconds, gensim: first.seconds, ratio: seconds / first.seconds },
    sharedOfTen: { withGensim: shared(ours, first.vectors), gensimWithItself: shared(first.vectors, second.vectors) },
    analogies: { ours: answered(ours), gensim: answered(first.vectors), gensimAgain: answered(second.vectors) },
  });
} finally {
  await rm(folder, { recursive: true, force: true });
}
