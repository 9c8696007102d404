import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { bertNormalize, type BertNormalizerSettings } from './bert-normalizer.js';
import { bertWords } from './read-pre-tokenizer.js';
import { WordPieceTokenizer } from './word-piece-tokenizer.js';

/**
 * The Rust library's words and ids for every code point, alone and between two letters, and for drawn texts of what
 * meets badly, as digests. There are no exceptions: where the runtime's Unicode is another, the tables are the library's.
 */
interface Golden {
  readonly seed: number;
  readonly blockPoints: number;
  readonly settings: Record<
    string,
    { clean_text: boolean; handle_chinese_chars: boolean; strip_accents: boolean | null; lowercase: boolean }
  >;
  readonly tokenizers: Record<string, unknown>;
  readonly blocks: Record<string, string[]>;
  readonly groups: number[][];
  readonly texts: Record<string, string[]>;
}
const golden = JSON.parse(
  readFileSync(join(import.meta.dirname, '../../../../test/golden/text/unicode.json'), 'utf8'),
) as Golden;

/** Planes without characters, or with one kind, give a block each unless all are asked for (`npm run test:unicode`). */
const all = process.env['SSL_UNICODE'] === 'all';
const isDense = (point: number): boolean =>
  point < 0x33000 || (point >= 0xe0000 && point < 0xe2000) || point % 0x10000 === 0xf000;

const digest = (texts: readonly string[]): string =>
  createHash('sha256').update(texts.join('\u0001')).digest('hex').slice(0, 16);
const wordsOf = (text: string, settings: BertNormalizerSettings): string =>
  bertWords(bertNormalize(text, settings)).join('\u0002');

/** Texts of 1 to 8 code points, the same as the generator draws (Lehmer's 16807). */
function* drawnTexts(): Generator<string> {
  let state = golden.seed;
  const draw = (bound: number): number => (state = (state * 16807) % 2147483647) % bound;
  for (let count = 0; count < 20_000; count++) {
    let text = '';
    for (let left = 1 + draw(8); left > 0; left--) {
      const group = golden.groups[draw(golden.groups.length)]!;
      text += String.fromCodePoint(group[draw(group.length)]!);
    }
    yield text;
  }
}

describe.each(Object.entries(golden.settings))('all of Unicode, %s', (name, given) => {
  const settings: BertNormalizerSettings = {
    cleanText: given.clean_text,
    chineseCharacters: given.handle_chinese_chars,
    stripAccents: given.strip_accents,
    lowercase: given.lowercase,
  };
  const tokenizer = WordPieceTokenizer.fromJson(golden.tokenizers[name]);
  const idsOf = (text: string): string => tokenizer.encode(text, { addSpecialTokens: false }).join(' ');

  it('every code point, alone and between letters', () => {
    const wrong = golden.blocks[name]!.flatMap((expected, block) => {
      if (!all && !isDense(block * golden.blockPoints)) return [];
      const texts: string[] = [];
      for (let point = block * golden.blockPoints; point < (block + 1) * golden.blockPoints; point++) {
        if (point >= 0xd800 && point <= 0xdfff) continue;
        const between = `a${String.fromCodePoint(point)}b`;
        texts.push(wordsOf(String.fromCodePoint(point), settings), wordsOf(between, settings), idsOf(between));
      }
      return digest(texts) === expected ? [] : [(block * golden.blockPoints).toString(16)];
    });
    expect(wrong, 'blocks that differ, by their first code point').toEqual([]);
  });

  it('texts of sigmas, marks, jamo, controls, white space, punctuation, Han and letters with case', () => {
    const made = Array.from(drawnTexts(), (text) => `${wordsOf(text, settings)}\u0003${idsOf(text)}`);
    const digests = golden.texts[name]!.map((_, part) => digest(made.slice(500 * part, 500 * (part + 1))));
    expect(digests).toEqual(golden.texts[name]);
  });
});

describe('half of a surrogate pair', () => {
  const model = (golden.tokenizers['uncased'] as { model: object }).model;
  const tokenizer = (name: string): WordPieceTokenizer =>
    WordPieceTokenizer.fromJson({ ...(golden.tokenizers[name] as object), model });

  it.each(['\ud83e', '\udd8a', 'a\ud83eb', '\udd8a\ud83e', 'a\ud83e a'])('counts as U+FFFD', (text) => {
    const replaced = text.replaceAll(/\p{Surrogate}/gu, '\ufffd');
    for (const name of ['uncased', 'not cleaned']) {
      const encoder = tokenizer(name);
      expect(encoder.encode(text)).toEqual(encoder.encode(replaced));
    }
    expect(tokenizer('uncased').encode('a\ud83eb')).toEqual(tokenizer('uncased').encode('ab'));
    expect(tokenizer('not cleaned').encode('a\ud83eb')).not.toEqual(tokenizer('not cleaned').encode('ab'));
  });
});

describe('what the JavaScript library has otherwise', () => {
  const tokenizer = WordPieceTokenizer.fromJson(golden.tokenizers['uncased']);
  const tokens = (text: string): (string | undefined)[] =>
    tokenizer.encode(text, { addSpecialTokens: false }).map((id) => tokenizer.idToToken(id));

  it('has no final sigma', () => {
    expect(
      bertNormalize('ΟΔΟΣ', { cleanText: true, chineseCharacters: true, stripAccents: null, lowercase: true }),
    ).toBe('οδοσ');
    expect(tokens('Σ')).toEqual(['σ']);
  });

  it('splits at Han beyond the basic plane, not at characters that cleaning removes', () => {
    expect(tokens('a\u{20000}b')).toEqual(['a', '\u{20000}', 'b']);
    for (const removed of ['\f', '\v', '\ufeff', '\u0085', '\u001c'])
      expect(tokens(`a${removed}b`)).toEqual(['a', '##b']);
  });
});
