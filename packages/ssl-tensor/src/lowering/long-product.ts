import type { Builder } from '../graph/builder.js';
import { broadcastShape, sameShape, sizeOf, type Value } from '../graph/value.js';
import { productInParts } from './product-in-parts.js';
import { productOverRows } from './product-over-rows.js';

/** Inner lengths up to which a product is left whole: of a small result, on `webgpu` in one chain, and of any. */
const longest = { ofSmall: 256, ofSmallOnGpu: 64, ofAny: 2 ** 15 } as const;

/**
 * Inner lengths of parts. In one chain of multiplications and additions float32 is good to 1e-6 for 96 equal terms; along
 * rows by a vector the runtime adds on several lanes. On `webgpu` the results of the parts are added in float32 too. Long parts of large results it cuts anew itself.
 */
const partLength = { any: 96, anyOnGpu: 32, alongRows: 512, large: 2048, largeOnGpu: 256 } as const;

/** Numbers of the result for each of a row of both operands, up to which the results of short parts cost little. */
const few = { inAny: 24, inLong: 48 } as const;

/**
 * A product of floats over a long inner axis in parts whose sums are added precisely, see docs/decisions/009. Undefined
 * where the runtime's own product is as good, and where so many results in parts would cost time.
 */
export function longProduct(b: Builder, x: Value, y: Value, flipA: boolean, flipB: boolean): Value | undefined {
  // By the size of the result, which a portable file leaves open.
  if (b.device === 'portable') return undefined;
  const [m, k] = flipA ? [x.shape.at(-1)!, x.shape.at(-2)!] : [x.shape.at(-2)!, x.shape.at(-1)!];
  const n = flipB ? y.shape.at(-2)! : y.shape.at(-1)!;
  const [batchX, batchY] = [x.shape.slice(0, -2), y.shape.slice(0, -2)];
  const batch = broadcastShape(batchX, batchY)!;
  const short = b.device === 'webgpu' ? longest.ofSmallOnGpu : longest.ofSmall;
  if (k <= short || sizeOf([...batch, m, n]) === 0) return undefined;
  if (m === 1 && n === 1) {
    const terms = b.mul(b.reshape(x, [...batchX, k]), b.reshape(y, [...batchY, k]));
    return b.reshape(b.reduce('ReduceSum', terms, [batch.length], false), [...batch, 1, 1]);
  }
  // A vector lies the same way either way.
  const left = { value: x, width: m, innerLast: !flipA && m > 1 };
  const right = { value: y, width: n, innerLast: flipB && n > 1 };
  const any = b.device === 'webgpu' ? partLength.anyOnGpu : partLength.any;
  if (m === 1 || n === 1) {
    const isAlongRows = left.innerLast && b.device !== 'webgpu';
    return productInParts(b, left, right, isAlongRows ? partLength.alongRows : any);
  }
  const perRow = (m * n) / (m + n);
  if (perRow <= few.inAny) return productInParts(b, left, right, any);
  if (k < longest.ofAny) return undefined;
  if (flipA && !flipB && sameShape(batchX, batchY)) return productOverRows(b, x, y);
  const large = b.device === 'webgpu' ? partLength.largeOnGpu : partLength.large;
  return productInParts(b, left, right, perRow <= few.inLong ? any : large);
}
