import * as tf from '@tensorflow/tfjs-core';
import { checkInteger, InvalidOptionError, type NdArray, ShapeError } from '@selfsup/ssl-core';
import { checkOptions, type OptionNames } from '@selfsup/ssl-tensor/host';
import type { BertInputs } from '@selfsup/ssl-text-mlm';
import type { Tensors } from '@selfsup/ssl-train';
import { extractFeatures, inBatches, type Neighbours, nearestNeighbours } from '@selfsup/ssl-transfer';
import { normalizeImages } from '@selfsup/ssl-vision';
import { checkKs, recallOf, type RetrievalRecall } from '../evaluation/retrieval-recall.js';
import { beginning } from './beginning.js';
import type { BlipParts } from './blip-parts.js';
import { checkPictures } from './check-pictures.js';
import { encodeTexts } from './encode-texts.js';

/** Pairs, pictures or texts at once. */
const batchSize = 32;

/** Options of {@link rerankedRetrieval}. */
export interface RerankOptions {
  /** Nearest in the common space that matching looks at again. Default 128, or all where there are fewer. */
  readonly k?: number;
  /** Numbers of neighbours of the recall, ascending, at most `k`. Default those of 1, 5 and 10. */
  readonly ks?: readonly number[];
}

const rerankOptionNames: OptionNames<RerankOptions> = { k: 'optionalNumber', ks: 'optional' };

/** Result of {@link rerankedRetrieval}. */
export interface RerankedRetrieval extends RetrievalRecall {
  /** For each picture the numbers of its `k` texts, best first, int32 `[n, k]`. */
  readonly texts: NdArray<Int32Array>;
  /** For each text the numbers of its `k` pictures, best first, int32 `[m, k]`. */
  readonly pictures: NdArray<Int32Array>;
}

/** float32 rows of one size, and how many there are. */
interface Seen {
  readonly tokens: NdArray<Float32Array>;
  readonly shape: readonly [tokens: number, dim: number];
}

/**
 * Search both ways: the `k` nearest in the common space, in the order of similarity and matching score added, and the
 * recall of that order.
 *
 * @param images uint8 `[n, height, width, channels]`
 * @param texts the first `texts.length / n` belong to picture 0, and so on
 * @throws ShapeError where the texts are no multiple of the pictures; InvalidOptionError for options out of range and texts
 *   that are too long
 * Source: Li et al. 2022, arXiv 2201.12086, section 5.1 (`k` 256 on COCO, 128 on Flickr30K); `evaluation` of
 * `train_retrieval.py` of salesforce/BLIP.
 */
export async function rerankedRetrieval(
  blip: BlipParts,
  images: NdArray<Uint8Array>,
  texts: readonly string[],
  options: RerankOptions = {},
): Promise<RerankedRetrieval> {
  const where = 'rerankedRetrieval';
  const { k = 128, ...given } = checkOptions(where, options, rerankOptionNames);
  checkInteger(where, 'k', k, 1);
  const ks = given.ks ?? [1, 5, 10].filter((most) => most <= k);
  checkKs(where, ks);
  if (ks.at(-1)! > k)
    throw new InvalidOptionError(where, 'ks', `at most k, the ${k} neighbours that are looked at`, ks.at(-1));
  checkPictures(where, images);
  const encoded = encodeTexts(where, blip, texts);
  const [n, count] = [images.shape[0]!, texts.length];
  if (count % n !== 0) throw new ShapeError(where, 'texts', `a multiple of the ${n} pictures`, `${count}`);
  const { matcher } = blip.modules;
  const pictures = await extractFeatures(
    (batch: tf.Tensor) => matcher.encodeImages(normalizeImages(batch, blip.normalize)).embeddings,
    inBatches(images, batchSize),
  );
  const seen = await tokensOf(blip, images);
  const sentences = await extractFeatures((batch) => matcher.embedTexts(batch), inBatches(encoded, batchSize));
  const [toText, toPicture] = [
    await nearestNeighbours(pictures, sentences, Math.min(k, count)),
    await nearestNeighbours(sentences, pictures, Math.min(k, n)),
  ];
  const order = async (found: Neighbours, pair: (row: number, other: number) => Pair): Promise<NdArray<Int32Array>> => {
    const { data, shape } = found.indexes;
    const scores = await matchingScores(
      blip,
      seen,
      encoded,
      Array.from(data, (other, at) => pair(Math.floor(at / shape[1]!), other)),
    );
    return ordered(found, scores);
  };
  const byPicture = await order(toText, (picture, text) => ({ picture, text }));
  const byText = await order(toPicture, (text, picture) => ({ picture, text }));
  return { texts: byPicture, pictures: byText, ...recallOf(byPicture, byText, ks) };
}

interface Pair {
  readonly picture: number;
  readonly text: number;
}

/** Tokens of all pictures, on the host. */
async function tokensOf({ modules, normalize }: BlipParts, images: NdArray<Uint8Array>): Promise<Seen> {
  const { image } = modules.matcher;
  let shape: readonly [number, number] = [0, 0];
  const tokens = await extractFeatures(
    (batch: tf.Tensor) => {
      const { tokens: all } = image.encode(normalizeImages(batch, normalize));
      const [rows, places, dim] = all.shape;
      shape = [places, dim];
      return tf.reshape(all, [rows, places * dim]) as tf.Tensor2D;
    },
    inBatches(images, batchSize),
  );
  return { tokens, shape };
}

/** The matching head's score of 'matches' for each pair. */
async function matchingScores(
  { modules, tokenIds }: BlipParts,
  { tokens, shape }: Seen,
  { inputIds, attentionMask }: { readonly inputIds: NdArray<Int32Array>; readonly attentionMask: NdArray<Int32Array> },
  pairs: readonly Pair[],
): Promise<Float32Array> {
  const score = ({ memory, ...texts }: Tensors<ReturnType<typeof batchOf>>): tf.Tensor2D => {
    const ids = beginning(texts.inputIds, tokenIds.encode);
    const seen = tf.reshape(memory, [-1, ...shape]) as tf.Tensor3D;
    const inputs: BertInputs = { inputIds: ids, attentionMask: texts.attentionMask };
    return tf.slice(modules.matcher.match(inputs, seen), [0, 1], [-1, 1]);
  };
  const batchOf = (part: readonly Pair[]) => ({
    memory: gathered(
      tokens,
      part.map(({ picture }) => picture),
    ),
    inputIds: gathered(
      inputIds,
      part.map(({ text }) => text),
    ),
    attentionMask: gathered(
      attentionMask,
      part.map(({ text }) => text),
    ),
  });
  function* batches(): Generator<ReturnType<typeof batchOf>> {
    for (let first = 0; first < pairs.length; first += batchSize) yield batchOf(pairs.slice(first, first + batchSize));
  }
  return (await extractFeatures(score, batches())).data;
}

/** Rows of a matrix, copied. */
function gathered<D extends Float32Array | Int32Array>(
  { data, shape }: NdArray<D>,
  rows: readonly number[],
): NdArray<D> {
  const width = shape[1]!;
  const copy = new (data.constructor as new (length: number) => D)(rows.length * width);
  rows.forEach((row, at) => copy.set(data.subarray(row * width, (row + 1) * width), at * width));
  return { data: copy, shape: [rows.length, width] };
}

/** Neighbours in the order of similarity and score added. */
function ordered({ indexes, similarities }: Neighbours, scores: Float32Array): NdArray<Int32Array> {
  const { data, shape } = indexes;
  const [rows, k] = shape as [number, number];
  const sums = scores.map((score, at) => score + similarities.data[at]!);
  const result = new Int32Array(data.length);
  for (let row = 0; row < rows; row++) {
    const places = Array.from({ length: k }, (_, at) => row * k + at);
    places.sort((a, b) => sums[b]! - sums[a]! || a - b).forEach((place, at) => (result[row * k + at] = data[place]!));
  }
  return { data: result, shape };
}
