import { input, type RuleTable } from './rule.js';

/** TF.js's fused batch normalisation with given statistics. */
export const normalizationRules: RuleTable = {
  FusedBatchNorm: (b, inputs, { varianceEpsilon }) => {
    const [x, mean, variance] = [input(inputs, 'x'), input(inputs, 'mean'), input(inputs, 'variance')];
    const rstd = b.unary('Reciprocal', b.unary('Sqrt', b.add(variance, b.scalar(varianceEpsilon as number))));
    const scale = inputs['scale'] === undefined ? rstd : b.mul(rstd, inputs['scale']);
    const normal = b.mul(b.sub(x, mean), scale);
    return inputs['offset'] === undefined ? normal : b.add(normal, inputs['offset']);
  },
};
