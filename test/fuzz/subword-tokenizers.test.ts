/**
 * `tokenizer.json` of byte-level BPE and Unigram from strangers: a damaged document is refused with an error of ours, or
 * accepted and then encodes hostile texts, with their places; in both cases within a second of processor time.
 */
import { tokenizerFromJson } from '@selfsup/ssl-text-mlm';
import { expect } from 'vitest';
import { describeMutations } from './describe-mutations.js';
import { hostileTexts } from './hostile-texts.js';
import { bpeSeeds, unigramSeeds } from './subword-seeds.js';

function useTokenizer(document: unknown): void {
  const tokenizer = tokenizerFromJson(document, { path: 'tokenizer.json' });
  for (const text of hostileTexts) {
    const ids = tokenizer.encode(text);
    expect(ids.every((id) => Number.isInteger(id) && id >= 0 && id < tokenizer.vocabSize)).toBe(true);
    expect(typeof tokenizer.decode(ids)).toBe('string');
  }
  const [placed] = tokenizer.encodeText(hostileTexts.at(-1)!);
  expect([...placed!.ids]).toEqual(tokenizer.encode(hostileTexts.at(-1)!));
  expect(placed!.offsets.every((place) => place >= 0 && place <= hostileTexts.at(-1)!.length)).toBe(true);
  expect(tokenizerFromJson(JSON.stringify(tokenizer.toJson())).encode('a b')).toEqual(tokenizer.encode('a b'));
}

describeMutations('byte-level BPE', bpeSeeds, useTokenizer);
describeMutations('Unigram', unigramSeeds, useTokenizer);
