import { checkPath } from '@selfsup/ssl-core/files';
import { loadSafetensors, saveSafetensors } from '@selfsup/ssl-nn';
import { checkCount, CheckpointError, InvalidOptionError, ndArray, type NdArray } from '@selfsup/ssl-tensor/host';

/** What makes a row of each text, as `LoadedTextEncoder` does. */
export interface TextVectors {
  embed(texts: readonly string[], options: { readonly normalize: true }): Promise<NdArray<Float32Array>>;
}

/** A text that is like another. */
export interface SimilarText {
  /** Its number among the texts, from 0. */
  readonly index: number;
  readonly text: string;
  /** Cosine of their features, -1 to 1. */
  readonly similarity: number;
}

/** Entry of the file's metadata with the texts. */
const textsEntry = 'selfsup.text-index.texts';
const tensor = 'vectors';
/** Largest header that is read: the texts are in it. */
const maxHeaderBytes = 2 ** 30;

/**
 * Texts with their features, to be searched by meaning: exact, by all of them at each search.
 *
 * @example
 * const index = await TextIndex.of(encoder, notes);
 * const [best] = await index.search('where did we go in May?', 1);
 */
export class TextIndex {
  readonly texts: readonly string[];
  /** `[texts, featureDim]`, rows of length 1. */
  readonly vectors: NdArray<Float32Array>;
  readonly #encoder: TextVectors;

  private constructor(encoder: TextVectors, texts: readonly string[], vectors: NdArray<Float32Array>) {
    this.#encoder = encoder;
    this.texts = texts;
    this.vectors = vectors;
  }

  /** @throws InvalidOptionError for what is no list of texts, or an empty one */
  static async of(encoder: TextVectors, texts: readonly string[]): Promise<TextIndex> {
    if (!Array.isArray(texts) || texts.length === 0)
      throw new InvalidOptionError('TextIndex.of', 'texts', 'a list of at least one text', texts);
    return new TextIndex(encoder, [...texts], await encoder.embed(texts, { normalize: true }));
  }

  /**
   * Reads an index that {@link save} wrote.
   *
   * @param encoder the one that made it
   * @throws CheckpointError for a file that is none, or is damaged
   */
  static async load(encoder: TextVectors, path: string): Promise<TextIndex> {
    checkPath('TextIndex.load', 'path', path);
    const { tensors, metadata } = await loadSafetensors(path, { maxHeaderBytes });
    const vectors = tensors.get(tensor);
    let texts: unknown;
    try {
      texts = JSON.parse(metadata[textsEntry] ?? 'null');
    } catch (cause) {
      throw new CheckpointError(`has damaged texts: ${(cause as Error).message}`, { path, cause });
    }
    const isTexts = Array.isArray(texts) && texts.length > 0 && texts.every((text) => typeof text === 'string');
    if (!isTexts || !(vectors?.data instanceof Float32Array) || vectors.shape.length !== 2)
      throw new CheckpointError('is no index of texts, which TextIndex.save writes', { path });
    if (vectors.shape[0] !== (texts as string[]).length)
      throw new CheckpointError(`has ${(texts as string[]).length} texts and ${vectors.shape[0]} vectors`, { path });
    return new TextIndex(encoder, texts as string[], ndArray(vectors.data, vectors.shape));
  }

  /** Writes texts and features as one safetensors file, whole or not at all. */
  async save(path: string): Promise<void> {
    checkPath('TextIndex.save', 'path', path);
    await saveSafetensors(path, new Map([[tensor, this.vectors]]), { [textsEntry]: JSON.stringify(this.texts) });
  }

  /**
   * @param k how many, at most
   * @returns the most similar texts, the best first; of equal ones the first
   * @throws InvalidOptionError for what is no text, and `k` that is no positive integer; CheckpointError where the encoder makes
   *   rows of another width than the index has
   */
  async search(query: string, k = 5): Promise<SimilarText[]> {
    if (typeof query !== 'string') throw new InvalidOptionError('TextIndex.search', 'query', 'one text', query);
    checkCount('TextIndex.search', { k });
    const [rows, width] = this.vectors.shape as [number, number];
    const { data: wanted } = await this.#encoder.embed([query], { normalize: true });
    if (wanted.length !== width)
      throw new CheckpointError(`the index has features of ${width} numbers, the encoder makes ${wanted.length}`);
    const { data } = this.vectors;
    const similarities = Float32Array.from({ length: rows }, (_, row) => {
      let sum = 0;
      for (let at = 0, place = row * width; at < width; at++, place++) sum += data[place]! * wanted[at]!;
      return sum;
    });
    return Array.from(similarities.keys())
      .toSorted((a, b) => similarities[b]! - similarities[a]! || a - b)
      .slice(0, k)
      .map((index) => ({ index, text: this.texts[index]!, similarity: similarities[index]! }));
  }
}
