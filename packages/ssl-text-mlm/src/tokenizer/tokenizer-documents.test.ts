import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { WordPieceTokenizer } from './word-piece-tokenizer.js';

interface Golden {
  readonly vocabulary: string[];
  readonly texts: string[];
  readonly model: Record<string, unknown>;
  readonly cases: { name: string; document: Record<string, unknown>; ids: number[][]; decoded: string[] }[];
}
const golden = JSON.parse(
  readFileSync(join(import.meta.dirname, '../../../../test/golden/text/tokenizers.json'), 'utf8'),
) as Golden;
const model = { ...golden.model, vocab: Object.fromEntries(golden.vocabulary.map((token, id) => [token, id])) };

describe("tokeniser files against Hugging Face's Rust library", () => {
  it.each(golden.cases)('$name', ({ document, ids, decoded }) => {
    const tokenizer = WordPieceTokenizer.fromJson({ ...document, model });
    golden.texts.forEach((text, index) => {
      const made = tokenizer.encode(text, { addSpecialTokens: false });
      expect([text, made.map((id) => tokenizer.idToToken(id))]).toEqual([
        text,
        ids[index]!.map((id) => tokenizer.idToToken(id)),
      ]);
      expect(tokenizer.decode(made)).toBe(decoded[index]);
    });
  });
});
