import { InvalidOptionError } from '@selfsup/ssl-tensor';
import type { NdArray } from '@selfsup/ssl-tensor';

/** Longest wave, in patches over 2 pi (Vaswani et al. 2017, arXiv 1706.03762, 3.5). */
const longest = 10_000;

/**
 * Fixed positions of a grid of patches: for a quarter of the width each, sine and cosine of the column, then of the row,
 * at `dim / 4` frequencies `10000^(-4 i / dim)`. The class token, which comes first, has zeros.
 *
 * @param dim width of a token, a multiple of 4
 * @returns `[1, 1 + rows * columns, dim]`, row by row
 * @throws InvalidOptionError for a width that is not a multiple of 4
 * Source: He et al. 2021 (arXiv 2111.06377), appendix A.1; `util/pos_embed.py` of facebookresearch/mae, whose first half is
 * the column, too.
 */
export function sinCosPositions(dim: number, rows: number, columns: number): NdArray<Float32Array> {
  if (dim % 4 !== 0) throw new InvalidOptionError('sinCosPositions', 'dim', 'a multiple of 4', dim);
  const quarter = dim / 4;
  const data = new Float32Array((1 + rows * columns) * dim);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const start = (1 + row * columns + column) * dim;
      for (let i = 0; i < quarter; i++) {
        const frequency = longest ** (-i / quarter);
        data[start + i] = Math.sin(column * frequency);
        data[start + quarter + i] = Math.cos(column * frequency);
        data[start + 2 * quarter + i] = Math.sin(row * frequency);
        data[start + 3 * quarter + i] = Math.cos(row * frequency);
      }
    }
  }
  return { data, shape: [1, 1 + rows * columns, dim] };
}
