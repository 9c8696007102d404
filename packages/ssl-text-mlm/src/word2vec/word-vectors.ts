import { writeWhole } from '@selfsup/ssl-core/files';
import {
  checkChoice,
  checkCount,
  checkOptions,
  DataError,
  InvalidOptionError,
  type NdArray,
  type OptionNames,
  ShapeError,
} from '@selfsup/ssl-tensor/host';
import { nearestRows } from './nearest-rows.js';
import { readWordVectors } from './read-word-vectors.js';
import { binaryParts, textParts } from './word2vec-files.js';

/** Options of {@link WordVectors}. */
export interface WordVectorsOptions {
  /** How often each word came. */
  readonly counts?: ArrayLike<number>;
}

const wordVectorsOptionNames: OptionNames<WordVectorsOptions> = { counts: 'optional' };

/** Options of {@link WordVectors.mostSimilar}. */
export interface MostSimilarOptions {
  /** Words away from which it goes. Default none. */
  readonly negative?: readonly string[];
  /** How many words. Default 10. */
  readonly count?: number;
}

const mostSimilarOptionNames: OptionNames<MostSimilarOptions> = { negative: 'optional', count: 'optionalNumber' };

/** Options of {@link WordVectors.load} and {@link WordVectors.save}. */
export interface WordVectorsFileOptions {
  /** word2vec's text or binary format. Default: `binary` for a path that ends in `.bin`, else `text`. */
  readonly format?: 'text' | 'binary';
}

/** Options of {@link WordVectors.load}. */
export interface LoadWordVectorsOptions extends WordVectorsFileOptions {
  /** What becomes of a word that comes again: `refuse` the file, or take the `first`. Default `refuse`. */
  readonly duplicates?: 'refuse' | 'first';
}

const fileOptionNames: OptionNames<WordVectorsFileOptions> = { format: 'optional' };
const loadOptionNames: OptionNames<LoadWordVectorsOptions> = { format: 'optional', duplicates: 'optional' };

/** A word and how near it is. */
export interface SimilarWord {
  readonly word: string;
  /** Cosine. */
  readonly similarity: number;
}

/** Words with a vector each. */
export class WordVectors {
  readonly words: readonly string[];
  /** float32 `[words, dim]` */
  readonly vectors: NdArray<Float32Array>;
  /** How often each word came, where that is known. */
  readonly counts: ArrayLike<number> | undefined;
  readonly #numbers: ReadonlyMap<string, number>;
  #unit: Float32Array | undefined;

  /** @throws ShapeError where words, vectors and counts do not fit; DataError for a word that comes twice */
  constructor(words: readonly string[], vectors: NdArray<Float32Array>, options: WordVectorsOptions = {}) {
    const where = 'WordVectors';
    const { counts } = checkOptions(where, options, wordVectorsOptionNames);
    const [rows, dim] = vectors.shape;
    if (vectors.shape.length !== 2 || rows !== words.length || dim! < 1 || vectors.data.length !== rows * dim!)
      throw new ShapeError(where, 'vectors', `[${words.length}, dim]`, `[${vectors.shape.join(', ')}]`);
    if (counts !== undefined && counts.length !== words.length)
      throw new ShapeError(where, 'counts', `[${words.length}]`, `[${counts.length}]`);
    this.words = words;
    this.vectors = vectors;
    this.counts = counts;
    this.#numbers = new Map(words.map((word, number) => [word, number]));
    if (this.#numbers.size === words.length) return;
    const again = words.find((word, number) => this.#numbers.get(word) !== number);
    throw new DataError(`${where}: the word ${JSON.stringify(again)} comes twice; give each word one vector`);
  }

  /** Width of the vectors. */
  get dim(): number {
    return this.vectors.shape[1]!;
  }

  has(word: string): boolean {
    return this.#numbers.has(word);
  }

  /**
   * @returns `[dim]`, a view
   * @throws DataError for a word that has none
   */
  vectorOf(word: string): Float32Array {
    const number = this.#numberOf(word);
    return this.vectors.data.subarray(number * this.dim, (number + 1) * this.dim);
  }

  /**
   * The words nearest by cosine to the mean of some words' unit vectors, these left out; those of `negative` count with a minus.
   *
   * @param words one or more, or none where there are negative ones
   * @throws DataError for a word that has no vector; InvalidOptionError for options
   * Source: the 3CosAdd of Mikolov et al. 2013 (NAACL); as gensim's `most_similar`.
   */
  mostSimilar(words: string | readonly string[], options: MostSimilarOptions = {}): SimilarWord[] {
    const where = 'WordVectors.mostSimilar';
    const { negative = [], count = 10 } = checkOptions(where, options, mostSimilarOptionNames);
    checkCount(where, { count });
    const positive = typeof words === 'string' ? [words] : words;
    if (positive.length + negative.length === 0)
      throw new InvalidOptionError(where, 'words', 'one or more words', words);
    const unit = (this.#unit ??= unitRows(this.vectors.data, this.dim));
    const query = new Float64Array(this.dim);
    const own = new Set<number>();
    for (const [sign, list] of [
      [1, positive],
      [-1, negative],
    ] as const)
      for (const word of list) {
        const number = this.#numberOf(word);
        own.add(number);
        for (let i = 0; i < this.dim; i++) query[i]! += sign * unit[number * this.dim + i]!;
      }
    return nearestRows(unit, query, count, own).map(({ row, similarity }) => ({ word: this.words[row]!, similarity }));
  }

  /** What is to `c` as `b` is to `a`: `analogy('man', 'king', 'woman')`. Options and errors of {@link mostSimilar}. */
  analogy(a: string, b: string, c: string, options: Pick<MostSimilarOptions, 'count'> = {}): SimilarWord[] {
    const { count = 10 } = checkOptions('WordVectors.analogy', options, { count: 'optionalNumber' } as const);
    return this.mostSimilar([b, c], { negative: [a], count });
  }

  /** Cosine of two words. */
  similarity(first: string, second: string): number {
    const [x, y] = [this.vectorOf(first), this.vectorOf(second)];
    let [dot, xx, yy] = [0, 0, 0];
    for (let i = 0; i < this.dim; i++) {
      dot += x[i]! * y[i]!;
      xx += x[i]! ** 2;
      yy += y[i]! ** 2;
    }
    return dot / Math.max(Math.sqrt(xx * yy), Number.MIN_VALUE);
  }

  /**
   * Writes word2vec's text or binary format, which gensim's `KeyedVectors.load_word2vec_format` and others read.
   *
   * @throws DataError for a word with white space in it, which the format cannot hold, and where the file cannot be written
   */
  async save(path: string, options: WordVectorsFileOptions = {}): Promise<void> {
    const format = formatOf(
      'WordVectors.save',
      path,
      checkOptions('WordVectors.save', options, fileOptionNames).format,
    );
    const spaced = this.words.find((word) => word === '' || /\s/u.test(word));
    if (spaced !== undefined)
      throw new DataError(
        `the word ${JSON.stringify(spaced)} is empty or has white space in it, which word2vec's formats cannot hold; put _ in its place`,
      );
    await writeWhole(path, (format === 'binary' ? binaryParts : textParts)(this.words, this.vectors));
  }

  /**
   * Reads word2vec's text or binary format, of word2vec.c, gensim or {@link save}.
   *
   * @throws InvalidOptionError for options; DataError for a file that is not of the format, with the place
   */
  static async load(path: string, options: LoadWordVectorsOptions = {}): Promise<WordVectors> {
    const where = 'WordVectors.load';
    const { duplicates = 'refuse', ...given } = checkOptions(where, options, loadOptionNames);
    checkChoice(where, 'duplicates', duplicates, ['refuse', 'first']);
    const { words, vectors } = await readWordVectors(path, formatOf(where, path, given.format), duplicates);
    return new WordVectors(words, vectors);
  }

  #numberOf(word: string): number {
    const number = this.#numbers.get(word);
    if (number === undefined)
      throw new DataError(
        `there is no vector of ${JSON.stringify(word.slice(0, 80))} among ${this.words.length}; ask has(word) first`,
      );
    return number;
  }
}

function formatOf(where: string, path: string, format: string | undefined): 'text' | 'binary' {
  if (format === undefined) return path.endsWith('.bin') ? 'binary' : 'text';
  checkChoice(where, 'format', format, ['text', 'binary']);
  return format as 'text' | 'binary';
}

/** Rows of length 1; zeros stay. */
function unitRows(data: Float32Array, dim: number): Float32Array {
  const unit = data.slice();
  for (let row = 0; row < data.length; row += dim) {
    let sum = 0;
    for (let i = row; i < row + dim; i++) sum += data[i]! ** 2;
    const scale = sum === 0 ? 0 : 1 / Math.sqrt(sum);
    for (let i = row; i < row + dim; i++) unit[i]! *= scale;
  }
  return unit;
}
