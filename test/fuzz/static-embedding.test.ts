import '@tensorflow/tfjs-backend-cpu';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadStaticEmbedding, saveStaticEmbedding, StaticEmbedding, trainWordPiece } from '@selfsup/ssl-text-mlm';
import { randomKey, SslError } from '@selfsup/ssl-tensor/host';
import { afterAll, expect } from 'vitest';
import { describeFuzz } from './describe-fuzz.js';
import { folderWith } from './folder-with.js';

const folder = mkdtempSync(join(tmpdir(), 'fuzz-static-'));
afterAll(() => rmSync(folder, { recursive: true }));
const tokenizer = await trainWordPiece({ lines: ['the cat eats fish', 'the dog chews bones'], vocabSize: 60 });
await saveStaticEmbedding(folder, new StaticEmbedding(tokenizer.vocabSize, 4, { key: randomKey(0) }), tokenizer);

describeFuzz(
  'a static embedding',
  readdirSync(folder).map((name) => ({ name, bytes: readFileSync(join(folder, name)) })),
  async (path) => {
    const found = await loadStaticEmbedding(folderWith(path, folder));
    expect(found.encoder.vocabSize).toBe(found.tokenizer.vocabSize);
    expect(Math.max(...found.tokenizer.encode('the cat'))).toBeLessThan(found.encoder.vocabSize);
    found.encoder.dispose();
  },
  { maxAllocation: 2 ** 25, headerBytes: 500, refusal: SslError },
);
