import * as tf from '@tensorflow/tfjs-core';
import { foldInKey, randomPermutation, randomUniform, type TensorKey } from '@selfsup/ssl-tensor';
import { checkShare, InvalidOptionError } from '@selfsup/ssl-tensor/host';

/** How many patches are masked. */
export interface MaskShares {
  /** Part of the images that is masked at all, in (0, 1]. Default 0.5. */
  readonly maskedImages?: number;
  /** Least and largest part of a masked image's patches, in (0, 1]. Default [0.1, 0.5]. */
  readonly maskRatio?: readonly [number, number];
}

/** Defaults of {@link MaskShares}: DINOv2 (arXiv 2304.07193); iBOT (arXiv 2111.07832) draws 0 or 0.3 +- 0.2. */
export const maskShareDefaults = { maskedImages: 0.5, maskRatio: [0.1, 0.5] } as const;

/** @throws InvalidOptionError for shares out of range */
export function checkMaskShares(where: string, { maskedImages, maskRatio }: Required<MaskShares>): void {
  checkShare(where, { maskedImages });
  if (maskedImages === 0) throw new InvalidOptionError(where, 'maskedImages', 'in (0, 1]', maskedImages);
  const [least, most] = Array.isArray(maskRatio) ? (maskRatio as readonly number[]) : [];
  if (!(least! > 0 && most! >= least! && most! <= 1))
    throw new InvalidOptionError(where, 'maskRatio', 'two ascending numbers in (0, 1], such as [0.1, 0.5]', maskRatio);
}

/**
 * Masked patches of each image, the same numbers in every batch, so that shapes are static: `floor(images maskedImages)`
 * images (one at least) have the middles of as many equal parts of `maskRatio` (one patch at least), the others none.
 */
export function maskCounts(
  images: number,
  patches: number,
  { maskedImages, maskRatio: [least, most] }: Required<MaskShares>,
): readonly number[] {
  const masked = Math.max(1, Math.floor(images * maskedImages));
  return Array.from({ length: images }, (_, image) => {
    if (image >= masked) return 0;
    const ratio = least + ((most - least) * (image + 0.5)) / masked;
    return Math.max(1, Math.floor(patches * ratio));
  });
}

/** Blocks that an image's mask grows from. */
const blocks = 3;
/** Height over width of a block. */
const aspect = [0.3, 1 / 0.3] as const;

/**
 * Masks of blocks: rectangles of random places, sizes and aspects that grow together until an image has as many patches as
 * it shall have. Which image has which number is drawn, too. Works inside `compile()`.
 *
 * @param counts masked patches, as {@link maskCounts} gives them
 * @param grid rows and columns of patches
 * @returns float32 `[images, patches]`, 1 = masked
 * Source: block-wise masking of Bao et al. 2021 (BEiT, arXiv 2106.08254), algorithm 1. Deviates: the blocks are fixed in
 * number and grow, so that no value decides the course of the graph; `blockPatchMask` of @selfsup/ssl-data is BEiT's.
 */
export function blockMasks(key: TensorKey, counts: readonly number[], [rows, columns]: readonly number[]): tf.Tensor2D {
  return tf.tidy(() => {
    const [images, patches] = [counts.length, rows! * columns!];
    const drawn = randomUniform(foldInKey(key, 0), [4, images, blocks, 1]);
    const [top, left, shape, size] = tf.unstack(drawn) as [tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor];
    const [flat, tall] = [Math.log(aspect[0]) / 2, Math.log(aspect[1]) / 2];
    // Height over width of a square's root: as much longer the one way as it is shorter the other.
    const stretch = tf.exp(tf.add(tf.mul(shape, tall - flat), flat));
    const places = Array.from({ length: patches }, (_, place) => place);
    const y = tf.tensor(places.map((place) => Math.floor(place / columns!) + 0.5));
    const x = tf.tensor(places.map((place) => (place % columns!) + 0.5));
    const down = tf.div(tf.abs(tf.sub(y, tf.mul(top, rows!))), stretch);
    const along = tf.mul(tf.abs(tf.sub(x, tf.mul(left, columns!))), stretch);
    const distance = tf.min(tf.div(tf.maximum(down, along), tf.add(size, 0.5)), 1);
    const order = tf.topk(tf.neg(distance), patches).indices;
    const rank = tf.topk(tf.neg(tf.cast(order, 'float32')), patches).indices;
    const own = tf.gather(tf.tensor1d([...counts]), randomPermutation(foldInKey(key, 1), images));
    return tf.cast(tf.less(tf.cast(rank, 'float32'), tf.reshape(own, [images, 1])), 'float32') as tf.Tensor2D;
  });
}
