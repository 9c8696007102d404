import type { Builder } from '../graph/builder.js';
import { broadcastShape, sameShape, sizeOf, type Value } from '../graph/value.js';
import { fewResults, productInParts } from './product-in-parts.js';
import { productOverRows } from './product-over-rows.js';

/** Inner lengths up to which the runtime adds well enough: of any product, along rows by a vector, and over rows. */
const longest = { any: 256, alongRows: 2048, overRows: 2 ** 15 } as const;

/** Inner lengths of parts: of any product, along rows by a vector, and of products with many results. */
const partLength = { any: 256, alongRows: 1024, large: 2048 } as const;

/** Columns up to which the runtime adds longer pieces: of one thread, and of what threads share. */
const fewColumns = { alone: 32, shared: 256 } as const;

/** Inner lengths beyond which a product is cut, and those of its parts. */
interface Bounds {
  readonly longest: number;
  readonly part: number;
}

/**
 * The runtime adds pieces of the inner axis one after the other. They are of 128 where the left operand is stored transposed,
 * of 256 or less where a thread has more than 32 columns, and of up to 1,024 else: threads share the wider side of the
 * result.
 */
function boundsOnProcessor(m: number, n: number, isTransposed: boolean, isFew: boolean): Bounds {
  if (isTransposed) return { longest: longest.overRows, part: partLength.large };
  const isNarrow = n <= fewColumns.alone || (m < n && n <= fewColumns.shared);
  return {
    longest: isNarrow && isFew ? longest.any : longest.overRows,
    part: isNarrow ? partLength.any : partLength.large,
  };
}

/**
 * A product of floats over a long inner axis in parts whose sums are added precisely, see docs/decisions/009. Undefined
 * where the runtime's own product is as good, and where so many results in parts would cost time.
 */
export function longProduct(b: Builder, x: Value, y: Value, flipA: boolean, flipB: boolean): Value | undefined {
  const [m, k] = flipA ? [x.shape.at(-1)!, x.shape.at(-2)!] : [x.shape.at(-2)!, x.shape.at(-1)!];
  const n = flipB ? y.shape.at(-2)! : y.shape.at(-1)!;
  const [batchX, batchY] = [x.shape.slice(0, -2), y.shape.slice(0, -2)];
  const batch = broadcastShape(batchX, batchY)!;
  const count = sizeOf([...batch, m, n]);
  if (k <= longest.any || count === 0) return undefined;
  if (m === 1 && n === 1) {
    const terms = b.mul(b.reshape(x, [...batchX, k]), b.reshape(y, [...batchY, k]));
    return b.reshape(b.reduce('ReduceSum', terms, [batch.length], false), [...batch, 1, 1]);
  }
  const [left, right] = [
    { value: x, width: m, innerLast: !flipA },
    { value: y, width: n, innerLast: flipB },
  ];
  const isFew = count <= fewResults;
  if (m === 1 || n === 1) {
    const along = (m === 1 ? right : left).innerLast && b.device !== 'webgpu';
    return productInParts(
      b,
      // A vector lies the same way either way.
      { ...left, innerLast: left.innerLast && m > 1 },
      { ...right, innerLast: right.innerLast && n > 1 },
      along ? partLength.alongRows : partLength.any,
    );
  }
  const onGpu: Bounds = { longest: isFew ? longest.any : longest.overRows, part: partLength.any };
  const bounds = b.device === 'webgpu' ? onGpu : boundsOnProcessor(m, n, flipA, isFew);
  if (k < bounds.longest) return undefined;
  if (flipA && !flipB && sameShape(batchX, batchY)) return productOverRows(b, x, y);
  return productInParts(b, left, right, bounds.part);
}
