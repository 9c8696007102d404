import { expect, it } from 'vitest';
import { PieceTable } from './piece-table.js';
import { bertSpecialTokens } from './special-tokens.js';
import { wordPieceJson } from './word-piece-json.js';
import { WordPieceTokenizer } from './word-piece-tokenizer.js';

it('400,000 tokens are read in two seconds of processor time', () => {
  const special = Object.values(bertSpecialTokens) as string[];
  const tokens = [...special];
  for (let id = tokens.length; id < 400_000; id++) {
    const word = ((id * 2654435761) % 2 ** 32).toString(36);
    tokens.push(`${id % 2 === 0 ? '##' : ''}${word}x`);
  }
  const text = JSON.stringify(wordPieceJson(tokens, bertSpecialTokens, { lowercase: true }));
  let least = Infinity;
  let tokenizer: WordPieceTokenizer | undefined;
  for (let attempt = 0; attempt < 2; attempt++) {
    const before = process.cpuUsage();
    tokenizer = WordPieceTokenizer.fromJson(text);
    least = Math.min(least, process.cpuUsage(before).user / 1e6);
  }
  expect(tokenizer!.vocabSize).toBe(tokens.length);
  expect(tokenizer!.encode(`${tokens[7]!}${tokens[100]!.slice(2)}`, { addSpecialTokens: false })).toEqual([7, 100]);
  expect(least).toBeLessThan(2);
});

it('pieces after a prefix are those that begin with it and go on', () => {
  const pieces = ['', '#', '##', '##a', '##ab', '#a', 'a', 'ab', '$', '##b', '##\ud83d\ude00', '"'];
  const ids = new Map(pieces.map((piece, id) => [piece, id]));
  const table = new PieceTable(ids);
  const longest = (text: string, prefix: string, at: number): string | undefined =>
    pieces
      .filter((piece) => piece.startsWith(prefix) && piece.length > prefix.length)
      .filter((piece) => text.startsWith(piece.slice(prefix.length), at))
      .sort((a, b) => b.length - a.length)[0];
  for (const text of ['ab##ab', '#ab', '###a', '', 'b', '\ud83d\ude00b', '"$', 'zz'])
    for (let at = 0; at <= text.length; at++)
      for (const prefix of ['', '#', '##', '##a', 'x']) {
        const found = table.after(prefix).longestAt(text, at);
        const piece = longest(text, prefix, at);
        expect(found).toEqual(
          piece === undefined ? undefined : { id: ids.get(piece), end: at + piece.length - prefix.length },
        );
      }
});
