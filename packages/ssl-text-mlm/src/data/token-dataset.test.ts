import { DataError, InvalidOptionError, randomKey, ShapeError } from '@selfsup/ssl-tensor/host';
import { describe, expect, it } from 'vitest';
import { trainWordPiece } from '../tokenizer/train-word-piece.js';
import { TokenDataset } from './token-dataset.js';

const sequences = Array.from({ length: 20 }, (_, index) =>
  Int32Array.from({ length: 2 + (index % 5) }, (_, at) => 100 * index + at),
);
const labels = Int32Array.from({ length: 20 }, (_, index) => index % 3);
const dataset = TokenDataset.fromSequences(sequences, labels);

describe('TokenDataset', () => {
  it('gives back what it packed', () => {
    expect(dataset.length).toBe(20);
    sequences.forEach((ids, index) => expect(dataset.get(index)).toEqual({ ids, label: index % 3 }));
    expect(TokenDataset.fromSequences(sequences).get(3)).toEqual({ ids: sequences[3] });
    expect(dataset.lengths()).toEqual(Int32Array.from(sequences, (ids) => ids.length));
  });

  it('refuses what is no id, and what is no text', async () => {
    for (const id of [NaN, 2.5, -1, 2 ** 31, '7' as unknown as number])
      expect(() =>
        TokenDataset.fromSequences([
          [2, 3],
          [2, id, 3],
        ]),
      ).toThrow(`TokenDataset: sequences[1][1] is ${id}; ids are integers from 0 on`);
    expect(() => new TokenDataset(Int32Array.of(1, -7), Int32Array.of(0, 2))).toThrow('tokens[1] is -7');
    const tokenizer = await trainWordPiece({ lines: ['a dog'], vocabSize: 60 });
    // One text for several would be a text of each character.
    expect(() => TokenDataset.fromTexts(tokenizer, 'a dog', { maxLength: 4 })).toThrow(InvalidOptionError);
    expect(TokenDataset.fromTexts(tokenizer, ['a dog'], { maxLength: 4 }).length).toBe(1);
    for (const texts of [[null], [undefined], [3]])
      expect(() => TokenDataset.fromTexts(tokenizer, texts as never, { maxLength: 4 })).toThrow(
        'text must be a string',
      );
    expect(() => tokenizer.encodeBatch('a dog' as never)).toThrow(InvalidOptionError);
    for (const maxLength of [3.5, NaN])
      expect(() => tokenizer.encode('a dog', { maxLength })).toThrow(InvalidOptionError);
    expect(() => tokenizer.encodeBatch(['a dog'], { padding: 'maxLength', maxLength: Infinity })).toThrow(
      InvalidOptionError,
    );
    await expect(trainWordPiece({ lines: 'a dog', vocabSize: 60 })).rejects.toThrow(InvalidOptionError);
    await expect(trainWordPiece({ lines: [null] as never, vocabSize: 60 })).rejects.toThrow(InvalidOptionError);
    await expect(trainWordPiece({ lines: ['ab'.repeat(60)], vocabSize: 60 })).rejects.toThrow(
      'more than 100 characters',
    );
  });

  it('encodes texts', async () => {
    const tokenizer = await trainWordPiece({ lines: ['a small dog', 'a dog'], vocabSize: 60 });
    const encoded = TokenDataset.fromTexts(tokenizer, ['a small dog', 'a dog'], { maxLength: 4, labels: [1, 0] });
    expect([...encoded.get(0).ids]).toEqual(tokenizer.encode('a small dog', { maxLength: 4 }));
    expect(encoded.get(1).label).toBe(0);
  });

  it('splits long texts into sequences of like length, and loses nothing', async () => {
    const tokenizer = await trainWordPiece({ lines: ['a b c d e f g h i j k'], vocabSize: 60 });
    const text = 'a b c d e f g h i j k';
    const ids = tokenizer.encode(text, { addSpecialTokens: false });
    const { cls, sep } = tokenizer.specialIds;
    const split = TokenDataset.fromTexts(tokenizer, [text, 'a b', ''], { maxLength: 6, longTexts: 'split' });
    const rows = Array.from({ length: split.length }, (_, row) => [...split.get(row).ids]);
    expect(rows).toEqual([
      [cls, ...ids.slice(0, 3), sep],
      [cls, ...ids.slice(3, 7), sep],
      [cls, ...ids.slice(7), sep],
      [cls, ...ids.slice(0, 2), sep],
      [cls, sep],
    ]);
    for (const options of [
      { maxLength: 2, longTexts: 'split' },
      { maxLength: 6, longTexts: 'split', labels: [1] },
      { maxLength: 6, longTexts: 'wrap' as never },
    ] as const)
      expect(() => TokenDataset.fromTexts(tokenizer, [text], options)).toThrow(InvalidOptionError);
  });

  it('selects and splits by key, with labels', () => {
    expect(dataset.subset([7, 2]).get(0)).toEqual({ ids: sequences[7], label: 1 });
    const { train, heldOut } = dataset.split(6, randomKey(1));
    expect([train.length, heldOut.length]).toEqual([14, 6]);
    const first = (set: TokenDataset): number[] =>
      Array.from({ length: set.length }, (_, index) => set.get(index).ids[0]! / 100);
    expect([...first(train), ...first(heldOut)].toSorted((a, b) => a - b)).toEqual(
      Array.from({ length: 20 }, (_, index) => index),
    );
    expect(first(heldOut).map((index) => index % 3)).toEqual([...heldOut.labels!]);
    expect(first(dataset.split(6, randomKey(1)).heldOut)).toEqual(first(heldOut));
    expect(first(dataset.split(6, randomKey(2)).heldOut)).not.toEqual(first(heldOut));
  });

  it('refuses what does not fit', () => {
    expect(() => new TokenDataset(new Int32Array(3), Int32Array.of(0, 2))).toThrow(ShapeError);
    expect(() => new TokenDataset(new Int32Array(3), Int32Array.of(0, 4, 3))).toThrow(ShapeError);
    expect(() => new TokenDataset(new Int32Array(3), Int32Array.of(0, 3), Int32Array.of(1, 2))).toThrow(ShapeError);
    expect(() => dataset.get(20)).toThrow(InvalidOptionError);
    expect(() => dataset.split(20, randomKey(1))).toThrow(InvalidOptionError);
  });

  it('takes -1 for no label, and nothing else that is no class', () => {
    const data = TokenDataset.fromSequences([[1], [2], [3]], [2, -1, 0]);
    expect(data.get(1).label).toBe(-1);
    for (const wrong of [1.5, NaN, -2]) {
      const make = (): TokenDataset => TokenDataset.fromSequences([[1], [2]], [0, wrong]);
      expect(make).toThrow(DataError);
      expect(make).toThrow(`TokenDataset: labels[1] is ${wrong}, outside the classes 0 .. 0`);
    }
  });
});
