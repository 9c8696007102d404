/** One part of bench/token-store.ts: `parts.ts <generate|build|lines|blocks> <folder> <gigabytes>`; prints a JSON line. */
import { closeSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { readTextLines } from '@selfsup/ssl-data/text';
import { randomKey, RandomStream } from '@selfsup/ssl-tensor/host';
import {
  BertForMaskedLM,
  bertConfig,
  buildTokenStore,
  loadTokenizer,
  MaskedLanguageModelling,
  MlmLoader,
  TokenStore,
  trainWordPiece,
} from '@selfsup/ssl-text-mlm';
import { AdamW, Trainer } from '@selfsup/ssl-train';
import { report } from '../time-steps.js';

const [part, folder, gigabytes] = process.argv.slice(2) as [string, string, string];
const corpus = join(folder, 'corpus.txt');
const store = join(folder, 'store');
const tokenizerPath = join(folder, 'tokenizer.json');
const maxLength = 128;

/** Seconds that `work` takes, and what it gives. */
async function timed<T>(work: () => Promise<T>): Promise<readonly [number, T]> {
  const start = performance.now();
  const value = await work();
  return [(performance.now() - start) / 1000, value];
}

/** 50,000 words of one to five syllables, the frequent ones short. */
function wordsOf(stream: RandomStream): string[] {
  const [heads, tails] = ['b c d f g h j k l m n p r s t v w z', 'a e i o u an er is on'].map((list) =>
    list.split(' '),
  ) as [string[], string[]];
  const words = new Set<string>();
  while (words.size < 50_000) {
    const syllables = 1 + stream.integer(1 + Math.min(4, Math.floor(Math.log10(1 + words.size))));
    let word = '';
    for (let at = 0; at < syllables; at++)
      word += heads[stream.integer(heads.length)]! + tails[stream.integer(tails.length)]!;
    words.add(words.has(word) ? word + heads[stream.integer(heads.length)]! : word);
  }
  return [...words];
}

function generate(): void {
  const stream = new RandomStream(randomKey(0));
  const words = wordsOf(stream);
  // Each word as often as it falls by Zipf's law among a million draws.
  const weights = words.map((_, rank) => 1 / (rank + 2));
  const total = weights.reduce((a, b) => a + b);
  const table = words.flatMap((word, rank) =>
    Array.from({ length: Math.max(1, Math.round((2 ** 20 * weights[rank]!) / total)) }, () => word),
  );
  const file = openSync(corpus, 'w');
  let [written, pending] = [0, ''];
  while (written < Number(gigabytes) * 1e9) {
    const count = 20 + stream.integer(101);
    for (let at = 0; at < count; at++) pending += `${at === 0 ? '' : ' '}${table[stream.integer(table.length)]!}`;
    pending += '\n';
    if (pending.length < 2 ** 22) continue;
    written += writeSync(file, pending);
    pending = '';
  }
  closeSync(file);
  report({ bytes: written });
}

async function build(): Promise<void> {
  const lines: string[] = [];
  const enough = new Error('enough');
  await readTextLines(corpus, { maxBytes: 2 ** 50 }, (line) => {
    if (lines.push(line) === 20_000) throw enough;
  }).catch((error: unknown) => {
    if (error !== enough) throw error;
  });
  const [vocabularySeconds, tokenizer] = await timed(() => trainWordPiece({ lines, vocabSize: 8192 }));
  await tokenizer.save(tokenizerPath);
  const options = { path: store, data: corpus, tokenizer, progress: 'silent' } as const;
  const [seconds, built] = await timed(() => buildTokenStore(options));
  const { length: texts, tokens } = built;
  await built.close();
  const [reopenSeconds, again] = await timed(() => buildTokenStore(options));
  await again.close();
  report({ texts, tokens, vocabularySeconds, seconds, reopenSeconds });
}

async function train(view: 'lines' | 'blocks'): Promise<void> {
  const tokenizer = await loadTokenizer(tokenizerPath);
  const [openSeconds, opened] = await timed(() => TokenStore.open(store, { tokenizer }));
  const [firstBatchSeconds, loader] = await timed(async () => {
    const dataset = view === 'lines' ? opened.lines({ maxLength }) : opened.blocks({ length: maxLength });
    const made = new MlmLoader({ dataset, tokenizer, batchSize: 32, key: randomKey(1), bucketLengths: [maxLength] });
    await made.epoch(0).next();
    return made;
  });
  const config = bertConfig({
    vocabSize: tokenizer.vocabSize,
    hiddenSize: 128,
    numHiddenLayers: 2,
    numAttentionHeads: 2,
    intermediateSize: 512,
    maxPositionEmbeddings: maxLength,
  });
  const method = new MaskedLanguageModelling(new BertForMaskedLM(config, { key: randomKey(2) }));
  const optimizer = new AdamW([{ parameters: method.trainable() }]);
  const [trainSeconds] = await timed(() =>
    new Trainer({ method, loader, optimizer, schedule: () => 1e-4, steps: 20, seed: 0, progress: 'silent' }).fit(),
  );
  await opened.close();
  report({ sequences: loader.batchesPerEpoch * 32, openSeconds, firstBatchSeconds, trainSeconds });
}

if (part === 'generate') generate();
else if (part === 'build') await build();
else await train(part === 'lines' ? 'lines' : 'blocks');
