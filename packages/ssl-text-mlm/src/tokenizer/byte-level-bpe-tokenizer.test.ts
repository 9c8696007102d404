import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DataError, InvalidOptionError } from '@selfsup/ssl-tensor/host';
import { afterAll, describe, expect, it } from 'vitest';
import {
  differingBlocks,
  drawnLines,
  type EncodingDigests,
  placesOf,
  testedLines,
  textGolden,
} from '../../../../test/support/subword-lines.js';
import { byteCharacters, fromByteCharacters, toByteCharacters } from './byte-alphabet.js';
import { ByteLevelBpeTokenizer } from './byte-level-bpe-tokenizer.js';
import type { EncodeTextOptions } from './text-tokenizer.js';

interface Case extends EncodingDigests {
  readonly document: Readonly<Record<string, unknown>>;
  readonly changes: object;
}
interface WindowCase {
  readonly text: string;
  readonly pair?: string;
  readonly settings: { readonly max_length: number; readonly stride?: number; readonly strategy?: string };
  readonly windows: readonly { readonly ids: string; readonly types: string; readonly places: string }[];
}
const golden = textGolden<{
  readonly vocabulary: string[];
  readonly model: object;
  readonly documents: Readonly<Record<string, Case>>;
  readonly windows: Readonly<Record<string, readonly WindowCase[]>>;
}>('byte-level-bpe.json');
const vocab = Object.fromEntries(golden.vocabulary.map((token, id) => [token, id]));
const tokenizerOf = ({ document, changes }: Case): ByteLevelBpeTokenizer =>
  ByteLevelBpeTokenizer.fromJson({ ...document, model: { ...golden.model, vocab, ...changes } });
const roberta = tokenizerOf(golden.documents['RoBERTa']!);
const lines = drawnLines(testedLines);
const folder = mkdtempSync(join(tmpdir(), 'ssl-bpe-'));
afterAll(() => rmSync(folder, { recursive: true }));

describe("byte-level BPE against Hugging Face's Rust library", () => {
  it.each(Object.entries(golden.documents))(
    '%s: ids, places and decoded texts of lines in many scripts',
    { timeout: 600_000 },
    (_, made) => {
      expect(differingBlocks(tokenizerOf(made), lines, made)).toEqual([]);
    },
  );

  it.each(Object.entries(golden.windows))('%s: pairs, truncation and stride', (name, cases) => {
    const tokenizer = tokenizerOf(golden.documents[name]!);
    for (const { text, pair, settings, windows } of cases) {
      const truncate = settings.strategy?.slice('only_'.length) as EncodeTextOptions['truncate'];
      const made = tokenizer.encodeText(text, {
        maxLength: settings.max_length,
        ...(pair === undefined ? {} : { pair }),
        ...(truncate === undefined ? {} : { truncate }),
        ...(settings.stride === undefined ? {} : { stride: settings.stride }),
      });
      const shown = made.map(({ ids, typeIds, offsets }) => ({
        ids: ids.join(' '),
        types: typeIds.join(' '),
        places: placesOf(offsets),
      }));
      expect(shown).toEqual(windows);
    }
  });
});

describe('ByteLevelBpeTokenizer', () => {
  it('spells every text, and gives it back', () => {
    for (const text of lines)
      expect(roberta.decode(roberta.encode(text.replaceAll('<', '(')))).toBe(text.replaceAll('<', '('));
    expect(roberta.specialIds).toEqual({ pad: 0, unk: 1, cls: 2, sep: 3, mask: 4 });
    expect(roberta.encode('a\ud83e')).toEqual(roberta.encode('a\ufffd'));
  });

  it('has places of whole characters where a space is put before one beyond the basic plane', () => {
    const [made] = tokenizerOf(golden.documents['space before']!).encodeText('the<mask>\u{1f600} x');
    // As the library has it: the space that was put there counts as the character, and is taken off its place.
    expect(placesOf(made!.offsets)).toBe('0-0 0-3 3-9 11-11 12-12 12-13 0-0');
  });

  it('takes time in proportion to a word, nearly', () => {
    const text = 'abcdefgh'.repeat(40_000);
    const before = process.cpuUsage();
    const ids = roberta.encode(text);
    expect(roberta.decode(ids)).toBe(text);
    expect(process.cpuUsage(before).user / 1e6).toBeLessThan(5);
  });

  it('pads a batch, also of pairs', () => {
    const { inputIds, attentionMask, tokenTypeIds } = roberta.encodeBatch(['the', 'the light water'], {
      pairs: ['of', 'and'],
    });
    const rows = ['the', 'the light water'].map(
      (text, index) => roberta.encodeText(text, { pair: ['of', 'and'][index]! })[0]!,
    );
    const width = Math.max(...rows.map(({ ids }) => ids.length));
    expect(inputIds.shape).toEqual([2, width]);
    rows.forEach(({ ids }, row) => {
      expect([...inputIds.data.subarray(row * width, row * width + ids.length)]).toEqual([...ids]);
      expect(attentionMask.data.subarray(row * width, (row + 1) * width).reduce((sum, one) => sum + one)).toBe(
        ids.length,
      );
    });
    expect(tokenTypeIds!.data.every((type) => type === 0)).toBe(true);
    expect(() => roberta.encodeBatch(['a'], { pairs: [] })).toThrow(/'pairs'|pairs/);
  });

  it('says which pieces go on with a word', () => {
    const goesOn = roberta.continuations();
    const of = (token: string): number => goesOn[roberta.tokenToId(token)!]!;
    expect([of('a'), of('Ġ'), of('.'), of('<mask>'), of('Ġthe'), of('Ã')]).toEqual([1, 0, 0, 0, 0, 1]);
  });

  it('is the same after tokenizer.json, and after vocab.json and merges.txt', async () => {
    await roberta.save(join(folder, 'tokenizer.json'));
    const read = await ByteLevelBpeTokenizer.fromFolder(folder);
    const other = join(folder, 'older');
    await roberta.saveVocabulary(other);
    expect(readFileSync(join(other, 'merges.txt'), 'utf8')).toMatch(/^#version: 0.2\n/);
    const older = await ByteLevelBpeTokenizer.fromFolder(other);
    for (const text of lines.slice(0, 100)) {
      expect(read.encode(text)).toEqual(roberta.encode(text));
      expect(older.encodeText(text)).toEqual(roberta.encodeText(text));
    }
  });

  it.each<[string, EncodeTextOptions, RegExp]>([
    ['a stride without a step', { maxLength: 6, stride: 4 }, /stride.*below 4/],
    ['a stride over both texts', { maxLength: 8, pair: 'of', stride: 1 }, /'first' or 'second' with a stride/],
    ['no room for a token', { maxLength: 2 }, /at least 3/],
    ['a text that alone is too long', { maxLength: 8, pair: 'the '.repeat(9), truncate: 'first' }, /write truncate/],
    ['a way that is unknown', { truncate: 'both' as 'first' }, /'longest', 'first' or 'second'/],
  ])('refuses %s', (_, options, message) => {
    const encode = (): unknown => roberta.encodeText('the light water river walk walks', options);
    expect(encode).toThrow(InvalidOptionError);
    expect(encode).toThrow(message);
  });

  it.each<[string, Record<string, unknown>, RegExp]>([
    ['dropout', { dropout: 0.1 }, /'model.dropout' must be null/],
    ['a suffix', { end_of_word_suffix: '</w>' }, /end_of_word_suffix/],
    ['bytes as tokens', { byte_fallback: true }, /byte_fallback/],
    ['an unknown token that is unknown', { unk_token: '<none>' }, /unknown token '<none>'/],
    ['a merge of one', { merges: ['a'] }, /'model.merges\[0\]' must be two tokens/],
    ['a merge that is none', { merges: [['a', '<none>']] }, /'<none>', which is not in the vocabulary/],
  ])('refuses %s', (_, changes, message) => {
    const { document } = golden.documents['RoBERTa']!;
    const read = (): unknown =>
      ByteLevelBpeTokenizer.fromJson({ ...document, model: { ...golden.model, vocab, ...changes } });
    expect(read).toThrow(DataError);
    expect(read).toThrow(message);
  });

  it('has a character for each byte', () => {
    expect(new Set(byteCharacters).size).toBe(256);
    expect(byteCharacters[32]).toBe('Ġ');
    expect(fromByteCharacters([toByteCharacters('é€\u{10000}')])).toBe('é€\u{10000}');
    expect(fromByteCharacters(['Ã'])).toBe('\ufffd');
  });
});
