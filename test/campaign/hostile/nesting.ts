import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { loadRecipe } from '../../../apps/benchmark/src/recipes/load-recipe.js';
import { expandBraces, ManifestDataset, openNpy, TextLineDataset } from '@selfsup/ssl-data';
import { loadSafetensors } from '@selfsup/ssl-nn';
import { trainWordPiece, WordPieceTokenizer } from '@selfsup/ssl-text-mlm';
import type { Outcome, PlayCase } from '../kind.js';
import { mustRefuse, settle } from '../settled.js';
import { playNamed } from './named-cases.js';

const depth = 50_000;
const tower = `${'['.repeat(depth)}${']'.repeat(depth)}`;
const objects = `${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`;

const file =
  (name: string, text: string | Uint8Array, read: (path: string) => unknown) =>
  async (folder: string): Promise<Outcome> => {
    const path = join(folder, name);
    await writeFile(path, text);
    return mustRefuse(() => read(path));
  };

function safetensors(header: string): Buffer {
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(header.length));
  return Buffer.concat([length, Buffer.from(header)]);
}

function npy(header: string): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32LE(header.length);
  return Buffer.concat([Buffer.from('\x93NUMPY\x02\x00', 'latin1'), length, Buffer.from(header)]);
}

/** A tokeniser with a normaliser of a stranger: refused, or it encodes. */
async function withNormalizer(folder: string, normalizer: unknown): Promise<Outcome> {
  const path = join(folder, 'tokenizer.json');
  await (await trainWordPiece({ lines: ['a few words'], vocabSize: 30 })).save(path);
  const { readFile } = await import('node:fs/promises');
  const document = JSON.parse(await readFile(path, 'utf8')) as object;
  await writeFile(path, JSON.stringify({ ...document, normalizer }));
  const settled = await settle(async () => (await WordPieceTokenizer.fromFile(path)).encode(`${'a'.repeat(60)}!`));
  return 'refused' in settled ? 'refused' : 'same';
}

const laughs = Array.from(
  { length: 10 },
  (_, index) =>
    `a${index}: &a${index} [${
      index === 0
        ? 'ha'
        : Array(10)
            .fill(`*a${index - 1}`)
            .join(', ')
    }]`,
).join('\n');

/** Documents nested or repeated without end, and patterns of exponential time. */
export async function openNested(base: string): Promise<PlayCase> {
  const recipe = (path: string): unknown => loadRecipe(path);
  return playNamed(base, {
    'YAML: a tower of lists': file('a.yaml', `kind: ${tower}`, recipe),
    'YAML: a billion laughs': file('a.yaml', laughs, recipe),
    'YAML: a value in itself': file('a.yaml', 'kind: vision-simclr\ntitle: &x { a: *x }\ndata: *x\n', recipe),
    'YAML: 60,000 keys': file(
      'a.yaml',
      Array.from({ length: 60_000 }, (_, at) => `key${at}: ${at}`).join('\n'),
      recipe,
    ),
    'YAML: 4,000 keys': file('a.yaml', Array.from({ length: 4000 }, (_, at) => `key${at}: ${at}`).join('\n'), recipe),
    'JSON: a tower in a tokenizer.json': file('tokenizer.json', objects, (path) => WordPieceTokenizer.fromFile(path)),
    'JSON: a tower in a JSONL manifest': file('a.jsonl', `{"image":"a.png","x":${tower}}\n`, (path) =>
      ManifestDataset.open(path, { labels: 'none' } as never),
    ),
    'JSON: a tower in JSONL text': file('a.jsonl', `{"x":${tower}}\n`, (path) =>
      TextLineDataset.open(path, { field: 'text' }),
    ),
    'JSON: a tower in a safetensors header': file('a.safetensors', safetensors(objects), (path) =>
      loadSafetensors(path),
    ),
    'npy: a tower in the header': file('a.npy', npy(`{'descr': ${tower}}`), (path) => openNpy(path)),
    'braces without end': () => Promise.resolve().then(() => mustRefuse(() => expandBraces('{0..9}'.repeat(12)))),
    'a pattern of exponential time': (folder) =>
      withNormalizer(folder, { type: 'Replace', pattern: { Regex: '(a+)+$' }, content: '' }),
  });
}
