import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { saveSafetensors } from '@selfsup/ssl-nn';
import { ndArray } from '@selfsup/ssl-tensor';
import { loadTextEncoder, pretrainText, type PretrainTextOptions, trainWordPiece } from '@selfsup/ssl-text-mlm';
import { afterAll, beforeAll, describe } from 'vitest';
import { js, type Mistake, testMistakes } from './mistake.js';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mistakes-'));
  await writeFile(join(folder, 'notes.json'), '[{ "text": "a dog" }]');
  await writeFile(join(folder, 'latin.txt'), Buffer.from('caf\u00e9\nth\u00e9\n'.repeat(10), 'latin1'));
  await saveSafetensors(join(folder, 'other.safetensors'), new Map([['w', ndArray(new Float32Array(1), [1])]]));
});
afterAll(() => rm(folder, { recursive: true }));

const lines = Array.from({ length: 30 }, (_, index) => `a ${['cat', 'dog', 'bird'][index % 3]} and a fish`);
async function* stream(): AsyncGenerator<string> {
  yield* lines;
}
let runs = 0;
const train = (options: Partial<PretrainTextOptions>): unknown =>
  pretrainText({
    data: lines,
    out: join(folder, `run-${runs++}`),
    hiddenSize: 8,
    numHiddenLayers: 1,
    epochs: 1,
    progress: 'silent',
    ...options,
  });

const texts: readonly Mistake[] = [
  {
    title: 'a stream that can be read once',
    code: () => train({ data: js(stream()) }),
    error: 'InvalidOptionError',
    message:
      /pretrainText: data must be a folder or file.*read more than once: pass the function.*data: \(\) => texts\(\)/,
    cure: () => train({ data: () => stream() }),
  },
  {
    title: 'a file of JSON',
    code: () => train({ data: join(folder, 'notes.json') }),
    error: 'DataError',
    message: /notes\.json: is no file of texts by its ending; write \.txt, one text a line, or \.jsonl/,
  },
  {
    title: 'an address that only a tool of its own reads',
    code: () => train({ data: 's3://bucket/notes.txt' }),
    error: 'InvalidOptionError',
    message:
      /pretrainText: data must be a path, or an http: or https: address.*Fetch the files first, or give an address/,
  },
  {
    title: 'a name and password in an address',
    code: () => train({ data: 'https://me:secret@host/notes.txt' }),
    error: 'InvalidOptionError',
    message: /pretrainText: data must be an address without a name and password.*http: \{ headers: \{ authorization/,
  },
  {
    title: 'how servers are asked, where none is',
    code: () => train({ http: { retries: 1 } }),
    error: 'InvalidOptionError',
    message: /pretrainText: http must be left out where data is no path/,
    cure: () => train({}),
  },
  {
    title: 'texts in another encoding',
    code: () => train({ data: join(folder, 'latin.txt') }),
    error: 'DataError',
    message:
      /latin\.txt: line 1 is not valid UTF-8: byte 0xe9 at 3; pass its encoding, such as encoding: 'windows-1252'/,
    cure: () => train({ data: join(folder, 'latin.txt'), encoding: 'windows-1252' }),
  },
  {
    title: 'a vocabulary size for a vocabulary that is there',
    code: async () => train({ tokenizer: await trainWordPiece({ lines, vocabSize: 60 }), vocabSize: 60 }),
    error: 'InvalidOptionError',
    message: /tokenizer must be given without vocabSize and lowercase, which it has already/,
    cure: async () => train({ tokenizer: await trainWordPiece({ lines, vocabSize: 60 }) }),
  },
  {
    title: 'the path of a vocabulary',
    code: () => train({ tokenizer: js('tokenizer.json') }),
    error: 'InvalidOptionError',
    message: /tokenizer must be a tokeniser, such as await loadTokenizer\(path\), got 'tokenizer\.json'/,
  },
  {
    title: 'more to a batch than there are texts',
    code: () => train({ batchSize: 64 }),
    error: 'InvalidOptionError',
    message: /batchSize must be at most 27, the sequences of the texts, got 64/,
    cure: () => train({ batchSize: 27 }),
  },
  {
    title: 'weights that do not describe themselves',
    code: () => loadTextEncoder(join(folder, 'other.safetensors')),
    error: 'CheckpointError',
    message: /does not describe itself.*'selfsup\.text-encoder', which pretrainText writes.*loadSafetensors/,
  },
];

describe('texts', () => {
  testMistakes(texts);
});
