import type { Builder } from '../graph/builder.js';
import type { Value } from '../graph/value.js';
import { input, type KernelAttributes, type RuleTable } from './rule.js';

/** Sum over the channels at most `radius` away, as a product with a band of ones, `[..., c]`. */
function sumOfNeighbours(b: Builder, x: Value, radius: number): Value {
  const c = x.shape.at(-1)!;
  const band = Float32Array.from({ length: c * c }, (_, index) =>
    Number(Math.abs(Math.floor(index / c) - (index % c)) <= radius),
  );
  return b.matMul(x, b.constant(band, [c, c]));
}

/** `bias + alpha * sum of squares` of local response normalisation. */
const localNorm = (b: Builder, x: Value, { depthRadius, bias, alpha }: KernelAttributes): Value =>
  b.add(
    b.mul(sumOfNeighbours(b, b.mul(x, x), depthRadius as number), b.scalar(alpha as number)),
    b.scalar(bias as number),
  );

/** Batch normalisation with given statistics, and normalisation by the channels nearby. */
export const normalizationRules = {
  FusedBatchNorm: (b, inputs, { varianceEpsilon }) => {
    const [x, mean, variance] = [input(inputs, 'x'), input(inputs, 'mean'), input(inputs, 'variance')];
    const rstd = b.unary('Reciprocal', b.unary('Sqrt', b.add(variance, b.scalar(varianceEpsilon as number))));
    const scale = inputs['scale'] === undefined ? rstd : b.mul(rstd, inputs['scale']);
    const normal = b.mul(b.sub(x, mean), scale);
    return inputs['offset'] === undefined ? normal : b.add(normal, inputs['offset']);
  },
  LRN: (b, inputs, attributes) => {
    const x = input(inputs, 'x');
    const exponent = b.scalar(-(attributes['beta'] as number));
    return b.mul(x, b.binary('Pow', localNorm(b, x, attributes), exponent));
  },
  LRNGrad: (b, inputs, attributes) => {
    const [x, y, dy] = [input(inputs, 'x'), input(inputs, 'y'), input(inputs, 'dy')];
    const [alpha, beta] = [attributes['alpha'] as number, attributes['beta'] as number];
    const norm = localNorm(b, x, attributes);
    const own = b.mul(dy, b.binary('Pow', norm, b.scalar(-beta)));
    const shared = sumOfNeighbours(b, b.div(b.mul(dy, y), norm), attributes['depthRadius'] as number);
    return b.sub(own, b.mul(b.mul(x, shared), b.scalar(2 * alpha * beta)));
  },
} satisfies RuleTable;
