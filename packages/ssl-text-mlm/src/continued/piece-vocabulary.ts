import { PieceTable } from '../tokenizer/piece-table.js';
import { wordPieces } from '../tokenizer/word-pieces.js';

/** Pieces that spell words, the longest first from the left. */
export class PieceVocabulary {
  /** Begins a piece that continues a word. */
  readonly prefix: string;
  readonly tokens: ReadonlySet<string>;
  readonly #list: readonly string[];
  readonly #beginnings: PieceTable;
  readonly #continuations: PieceTable;

  constructor(tokens: Iterable<string>, prefix: string) {
    this.prefix = prefix;
    this.#list = [...tokens];
    this.tokens = new Set(this.#list);
    this.#beginnings = new PieceTable(new Map(this.#list.map((token, index) => [token, index])));
    this.#continuations = this.#beginnings.after(prefix);
  }

  /** Other pieces with the same prefix. */
  of(tokens: Iterable<string>): PieceVocabulary {
    return new PieceVocabulary(tokens, this.prefix);
  }

  /** These and more. */
  with(more: readonly string[]): PieceVocabulary {
    return this.of([...this.#list, ...more]);
  }

  /** The pieces of a word, or of a piece that begins or continues one; undefined where they do not spell it. */
  spell(piece: string): string[] | undefined {
    const continues = this.isContinuing(piece);
    const ids = wordPieces(continues ? piece.slice(this.prefix.length) : piece, {
      beginnings: continues ? this.#continuations : this.#beginnings,
      continuations: this.#continuations,
      unknownId: -1,
      maxWordCharacters: Infinity,
    });
    return ids[0] === -1 ? undefined : ids.map((id) => this.#list[id]!);
  }

  isContinuing(piece: string): boolean {
    return piece.length > this.prefix.length && piece.startsWith(this.prefix);
  }

  /**
   * Pieces of one character that continue words, for all characters that stand inside a word somewhere in the vocabulary.
   * With them whatever is spelled now is spelled still when longer pieces come in.
   */
  missingCharacters(isSpecial: (token: string) => boolean): string[] {
    const inside = new Set<string>();
    for (const token of this.#list) {
      if (isSpecial(token)) continue;
      const continues = this.isContinuing(token);
      const characters = Array.from(continues ? token.slice(this.prefix.length) : token);
      for (const character of continues ? characters : characters.slice(1)) inside.add(character);
    }
    return [...inside].map((character) => this.prefix + character).filter((piece) => !this.tokens.has(piece));
  }
}
