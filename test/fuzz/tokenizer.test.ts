/**
 * Tokeniser and configuration files from strangers: each case damages the JSON of a good one. A case passes when the file
 * is refused with an error of ours, or when it is accepted and then encodes hostile texts; in both cases within a second
 * of processor time.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bertConfigFromJson, bertConfigReport, WordPieceTokenizer } from '@selfsup/ssl-text-mlm';
import { afterAll, expect } from 'vitest';
import { describeFuzz } from './describe-fuzz.js';
import { describeMutations } from './describe-mutations.js';
import { hostileTexts as texts } from './hostile-texts.js';

const golden = (name: string): Record<string, unknown> =>
  JSON.parse(readFileSync(new URL(`../golden/text/${name}`, import.meta.url), 'utf8')) as Record<string, unknown>;

const { tokenizer: bert } = golden('word-piece.json');
const {
  vocabulary,
  model,
  cases: documents,
} = golden('tokenizers.json') as {
  vocabulary: string[];
  model: object;
  cases: { document: object }[];
};
const vocab = Object.fromEntries(vocabulary.map((token, id) => [token, id]));
const tokenizers = [bert, bert, ...documents.map(({ document }) => ({ ...document, model: { ...model, vocab } }))];
const tokenizerConfigs = Object.values(golden('bert-config-fields.json')['tokenizer'] as Record<string, unknown>);
const configs = Object.values(golden('bert-config-fields.json')['config'] as Record<string, unknown>);

function useTokenizer(document: unknown): void {
  const tokenizer = WordPieceTokenizer.fromJson(document, { path: 'tokenizer.json' });
  for (const text of texts) {
    const ids = tokenizer.encode(text);
    expect(ids.every((id) => Number.isInteger(id) && id >= 0 && id < tokenizer.vocabSize)).toBe(true);
    expect(typeof tokenizer.decode(ids)).toBe('string');
  }
  expect(WordPieceTokenizer.fromJson(JSON.stringify(tokenizer.toJson())).encode('a b')).toEqual(
    tokenizer.encode('a b'),
  );
}

describeMutations('tokenizer.json, by its values', tokenizers, useTokenizer);
describeMutations('config.json', configs, (document) => {
  const { config, unknown } = bertConfigReport(document, 'config.json');
  expect(config.hiddenSize % config.numAttentionHeads).toBe(0);
  if (unknown.length === 0) expect(bertConfigFromJson(document)).toEqual(config);
});

const folder = mkdtempSync(join(tmpdir(), 'fuzz-tokenizer-'));
afterAll(() => rmSync(folder, { recursive: true }));
writeFileSync(join(folder, 'tokenizer.json'), JSON.stringify(bert));
describeMutations('tokenizer_config.json', tokenizerConfigs, async (document) => {
  writeFileSync(join(folder, 'tokenizer_config.json'), JSON.stringify(document));
  const tokenizer = await WordPieceTokenizer.fromFolder(folder);
  expect(tokenizer.encode('a b').length).toBeGreaterThan(1);
});

describeFuzz(
  'tokenizer.json, by its bytes',
  [
    { name: 'bert.json', bytes: Buffer.from(JSON.stringify(bert)) },
    { name: 'other.json', bytes: Buffer.from(JSON.stringify(tokenizers.at(-1))) },
  ],
  async (path) => {
    const tokenizer = await WordPieceTokenizer.fromFile(path, { maxBytes: 2 ** 20 });
    expect(tokenizer.encode('a b').length).toBeGreaterThan(1);
  },
  { maxAllocation: 2 ** 26, headerBytes: 3000 },
);
