/**
 * Tokeniser and configuration files from strangers: each case damages the JSON of a good one. A case passes when the file
 * is refused with an error of ours, or when it is accepted and then encodes hostile texts; in both cases within a second
 * of processor time.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { foldIn, randomKey, RandomStream, SslError } from '@selfsup/ssl-tensor/host';
import { bertConfigFromJson, bertConfigReport, WordPieceTokenizer } from '@selfsup/ssl-text-mlm';
import { afterAll, describe, expect, it } from 'vitest';
import { describeFuzz } from './describe-fuzz.js';
import { mutateJson } from './mutate-json.js';

const golden = (name: string): Record<string, unknown> =>
  JSON.parse(readFileSync(new URL(`../golden/text/${name}`, import.meta.url), 'utf8')) as Record<string, unknown>;
const cases = Number(process.env['SSL_FUZZ_CASES'] ?? 500);
const perTest = 500;
const maxSeconds = 1;

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

/** What expressions and searches are slow on, and characters at which texts break. */
const texts = [
  `${'a'.repeat(20_000)}!`,
  `${' '.repeat(20_000)}x`,
  `${'\n '.repeat(10_000)}x`,
  'a '.repeat(5000),
  `${"'".repeat(3000)}${'1'.repeat(3000)}${'.'.repeat(3000)}`,
  '[MASK][SEP]<x>'.repeat(500),
  '\ud83e\u0301\u0000\ufeff\u{20000}ΟΔΟΣ e\u0301\u0327',
];

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

function describeMutations(
  name: string,
  seeds: readonly unknown[],
  use: (document: unknown) => void | Promise<void>,
): void {
  describe(`fuzz: ${name}`, () => {
    it('takes the seeds', async () => {
      for (const seed of seeds) await use(structuredClone(seed));
    });

    const starts = Array.from({ length: Math.ceil(cases / perTest) }, (_, part) => part * perTest);
    it.each(starts)('survives damaged documents from case %i on', { timeout: 600_000 }, async (start) => {
      let refused = 0;
      for (let number = start; number < Math.min(start + perTest, cases); number++) {
        const random = new RandomStream(foldIn(randomKey(8), `${name} ${number}`));
        const { value, steps } = mutateJson(seeds[random.integer(seeds.length)], random);
        const before = process.cpuUsage();
        try {
          await use(value);
        } catch (error) {
          if (!SslError.isInstance(error))
            expect.fail(`case ${number} (${steps.join('; ')}): ${(error as Error).stack ?? String(error)}`);
          refused++;
        }
        const { user, system } = process.cpuUsage(before);
        if (user + system > maxSeconds * 1e6)
          expect.fail(`case ${number} (${steps.join('; ')}): took ${(user + system) / 1e6} s of processor time`);
      }
      expect(refused, 'a fuzzer whose documents are all good tests nothing').toBeGreaterThan(0);
    });
  });
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
