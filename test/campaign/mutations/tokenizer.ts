import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { RandomStream } from '@selfsup/ssl-core';
import { trainWordPiece, WordPieceTokenizer } from '@selfsup/ssl-text-mlm';
import { mutateBytes } from '../../fuzz/mutate-bytes.js';
import type { PlayCase } from '../kind.js';
import { outcomeOf, settle } from '../settled.js';

const lines = ['the quick brown fox jumps over the lazy dog', 'a naïve café, 漢字 and ΟΔΟΣ', `${'a'.repeat(40)}!`];
/** What stands where something else is expected. */
const strangers: readonly unknown[] = [
  null,
  true,
  0,
  -1,
  0.5,
  1e9,
  2 ** 53,
  '',
  'x',
  '[UNK]',
  '##x',
  '__proto__',
  [],
  {},
  [[]],
  { type: 'Sequence' },
  { Regex: '(a+)+$' },
  { type: 'Replace', pattern: { Regex: '(a|a)*b' }, content: '' },
];

async function encoded(path: string): Promise<unknown> {
  const tokenizer = await WordPieceTokenizer.fromFile(path);
  return lines.map((line) => [...tokenizer.encode(line)]);
}

/** Reads mutated `tokenizer.json` files, and encodes with those that are taken. */
export async function readTokenizers(folder: string): Promise<PlayCase> {
  const path = join(folder, 'tokenizer.json');
  await (await trainWordPiece({ lines: Array.from({ length: 20 }, () => lines).flat(), vocabSize: 100 })).save(path);
  const seed = await readFile(path);
  const good = await settle(() => encoded(path));
  if ('refused' in good) throw good.refused;
  return async (random, _, describe) => {
    if (random.bernoulli(0.5)) {
      const { bytes, steps } = mutateBytes(seed, seed, random, seed.length);
      describe(steps.join('; '));
      await writeFile(path, bytes);
    } else {
      const document = JSON.parse(seed.toString()) as unknown;
      describe(replaceNode(document, random));
      await writeFile(path, JSON.stringify(document));
    }
    return outcomeOf(() => encoded(path), good.digest, false);
  };
}

/** Replaces, removes or adds a value somewhere in a JSON document. */
function replaceNode(document: unknown, random: RandomStream): string {
  let node = document as Record<string, unknown>;
  const path: string[] = [];
  for (;;) {
    const keys = Object.keys(node);
    const key = keys[random.integer(Math.max(1, keys.length))] ?? 'added';
    path.push(key);
    const child = node[key];
    // The vocabulary has most of the nodes and little to teach.
    const isDeep = typeof child === 'object' && child !== null && Object.keys(child).length > 0;
    if (isDeep && random.bernoulli(0.75)) {
      node = child as Record<string, unknown>;
      continue;
    }
    const stranger = strangers[random.integer(strangers.length)];
    if (random.bernoulli(0.2)) {
      if (Array.isArray(node)) node.splice(Number(key), 1);
      else delete node[key];
      return `remove ${path.join('.')}`;
    }
    const at = random.bernoulli(0.1) && !Array.isArray(node) ? 'unknown_field' : key;
    node[at] = stranger;
    return `set ${[...path.slice(0, -1), at].join('.')} to ${JSON.stringify(stranger)}`;
  }
}
