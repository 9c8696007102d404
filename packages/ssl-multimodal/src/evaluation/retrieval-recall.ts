import { checkInteger, InvalidOptionError, type NdArray, ShapeError } from '@selfsup/ssl-core';
import { nearestNeighbours } from '@selfsup/ssl-transfer';

/** Result of {@link retrievalRecall}: shares in 0 .. 1, one for each of the asked `ks`. */
export interface RetrievalRecall {
  /** Pictures that have one of their texts among the `k` nearest texts. */
  readonly imageToText: readonly number[];
  /** Texts that have their picture among the `k` nearest pictures. */
  readonly textToImage: readonly number[];
}

/**
 * Recall at `k` both ways, by cosine similarity and exact search, as the papers report it.
 *
 * @param images `[n, d]`
 * @param texts `[n * t, d]`: the first `t` belong to picture 0, and so on
 * @param ks ascending; default 1, 5 and 10
 * @throws ShapeError where the texts are no multiple of the pictures; InvalidOptionError for `ks`; what `nearestNeighbours`
 *   throws
 * Source: Radford et al. 2021, arXiv 2103.00020, appendix E.3; with several texts for a picture as in Karpathy and Fei-Fei
 * 2015, arXiv 1412.2306, section 4.1.
 */
export async function retrievalRecall(
  images: NdArray<Float32Array>,
  texts: NdArray<Float32Array>,
  ks: readonly number[] = [1, 5, 10],
): Promise<RetrievalRecall> {
  const where = 'retrievalRecall';
  const [n = 0, count = 0] = [images.shape[0], texts.shape[0]];
  const each = count / n;
  if (!(Number.isInteger(each) && each > 0))
    throw new ShapeError(where, 'texts', `[n * t, d] with n = ${n}`, `[${texts.shape.join(', ')}]`);
  checkKs(where, ks);
  const most = ks.at(-1)!;
  const found = async (query: NdArray<Float32Array>, database: NdArray<Float32Array>): Promise<NdArray<Int32Array>> =>
    (await nearestNeighbours(query, database, Math.min(most, database.shape[0]!))).indexes;
  return recallOf(await found(images, texts), await found(texts, images), ks);
}

/** @throws InvalidOptionError unless `ks` are positive integers that ascend */
export function checkKs(where: string, ks: readonly number[]): void {
  if (!Array.isArray(ks) || ks.length === 0)
    throw new InvalidOptionError(where, 'ks', 'a list of numbers of neighbours', ks);
  ks.forEach((k, at) => checkInteger(where, `ks[${at}]`, k, at === 0 ? 1 : ks[at - 1]! + 1));
}

/**
 * Recall of neighbours that are found.
 *
 * @param texts for each of `n` pictures its texts, best first, int32 `[n, k]`
 * @param pictures for each of `n * t` texts its pictures, best first; the first `t` texts belong to picture 0, and so on
 */
export function recallOf(
  texts: NdArray<Int32Array>,
  pictures: NdArray<Int32Array>,
  ks: readonly number[],
): RetrievalRecall {
  const each = pictures.shape[0]! / texts.shape[0]!;
  const shares = ({ data, shape }: NdArray<Int32Array>, isOwn: (row: number, other: number) => boolean): number[] => {
    const [rows, width] = shape as [number, number];
    return ks.map((k) => {
      const hits = Array.from({ length: rows }, (_, row) =>
        data.subarray(row * width, row * width + Math.min(k, width)).some((other) => isOwn(row, other)),
      );
      return hits.filter(Boolean).length / rows;
    });
  };
  return {
    imageToText: shares(texts, (image, text) => Math.floor(text / each) === image),
    textToImage: shares(pictures, (text, image) => Math.floor(text / each) === image),
  };
}
