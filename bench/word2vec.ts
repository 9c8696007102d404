/**
 * Word2Vec on the glosses of WordNet, ours and gensim's with one thread each on the same lines: seconds of the processor, and how many of the ten
 * nearest words of frequent words both name, beside how many two seeds of gensim's do. One JSON line.
 *
 * usage: PEER_PYTHON=python3 npx tsx --conditions=ssl-source bench/word2vec.ts [skipGram | cbow] [GLOSSES]   (gensim on the Python side)
 */
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { randomKey } from '@selfsup/ssl-tensor';
import { trainWord2Vec, word2VecDefaults, WordVectors } from '@selfsup/ssl-text-mlm';
import { loadWordnetGlosses } from '../apps/benchmark/src/data/wordnet.js';
import { report } from './time-steps.js';

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
  report({
    model,
    lines: lines.length,
    words: ours.words.length,
    seconds: { ours: seconds, gensim: first.seconds, ratio: seconds / first.seconds },
    sharedOfTen: { withGensim: shared(ours, first.vectors), gensimWithItself: shared(first.vectors, second.vectors) },
  });
} finally {
  await rm(folder, { recursive: true, force: true });
}
