import { InvalidOptionError } from '@selfsup/ssl-tensor';
import type { NdArray } from '@selfsup/ssl-tensor';
import type { Triple } from '../triple-of.js';

/** Longest wave, in patches over 2 pi (Vaswani et al. 2017, arXiv 1706.03762, 3.5). */
const longest = 10_000;

/**
 * Fixed positions of a grid of patches of a volume: for a sixth of the width each, sine and cosine of the second axis, of
 * the first, then of the third, at `dim / 6` frequencies `10000^(-6 i / dim)`.
 *
 * @param dim width of a token, a multiple of 6
 * @returns `[1, depth * height * width, dim]`, the last axis fastest
 * @throws InvalidOptionError for a width that is not a multiple of 6
 * Source: `build_sincos_position_embedding` of MONAI, after `lib/models/mae3d.py` of cvlab-stonybrook/SelfMedMAE (Zhou et al.
 * 2022, arXiv 2203.05573).
 */
export function sinCosPositions3d(dim: number, [depth, height, width]: Triple): NdArray<Float32Array> {
  if (dim % 6 !== 0) throw new InvalidOptionError('sinCosPositions3d', 'dim', 'a multiple of 6', dim);
  const sixth = dim / 6;
  const data = new Float32Array(depth * height * width * dim);
  let start = 0;
  for (let z = 0; z < depth; z++) {
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++, start += dim) {
        [y, z, x].forEach((place, part) => {
          for (let i = 0; i < sixth; i++) {
            const angle = place * longest ** (-i / sixth);
            data[start + 2 * part * sixth + i] = Math.sin(angle);
            data[start + (2 * part + 1) * sixth + i] = Math.cos(angle);
          }
        });
      }
    }
  }
  return { data, shape: [1, depth * height * width, dim] };
}
