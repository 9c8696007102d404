import type { TfjsKernelName } from './kernel-name.js';

/** Why a kernel has no rule, and what to do instead. */
export interface Refusal {
  /** `composed`: TF.js's ops compute it with other kernels, and never call it. */
  readonly kind: 'refused' | 'composed';
  readonly reason: string;
  readonly wayOut: string;
}

const refused = (reason: string, wayOut: string): Refusal => ({ kind: 'refused', reason, wayOut });

const composed = (op: string): Refusal => ({
  kind: 'composed',
  reason: `has no rule, since ${op} computes it with other kernels`,
  wayOut: `Call ${op}`,
});

const complex = refused(
  'works on complex numbers, which have no element type in the graph',
  'Compute it outside the compiled function and pass the result in, or build it from real ops',
);
const ofValues = refused(
  'gives a result whose shape depends on values',
  'Compute it outside the compiled function and pass the result in',
);
const strings = refused(
  'works on strings, which have no element type in the graph',
  'Encode the strings outside the compiled function and pass numbers in',
);

/** Kernels of TF.js without a rule. */
export const refusals = {
  BroadcastTo: composed('tf.broadcastTo'),
  Complex: complex,
  ComplexAbs: complex,
  Draw: refused('draws on a canvas', 'Return the image from the compiled function and draw it there'),
  FFT: complex,
  FromPixels: {
    kind: 'composed',
    reason: 'has no rule, since tf.browser.fromPixels reads the pixels on the host',
    wayOut: 'Call tf.browser.fromPixels outside the compiled function: inside, the image is a constant of the trace',
  },
  IFFT: complex,
  Imag: complex,
  LogSoftmax: composed('tf.logSoftmax'),
  LogicalXor: composed('tf.logicalXor'),
  LowerBound: composed('tf.lowerBound'),
  MatrixBandPart: composed('tf.linalg.bandPart'),
  Multinomial: refused('draws host randomness', 'Draw with randomUniform(key, shape)'),
  NonMaxSuppressionV3: ofValues,
  NonMaxSuppressionV4: ofValues,
  NonMaxSuppressionV5: ofValues,
  Pool: composed('tf.pool'),
  RaggedGather: ofValues,
  RaggedRange: ofValues,
  RaggedTensorToTensor: ofValues,
  Real: complex,
  SparseFillEmptyRows: ofValues,
  SparseReshape: ofValues,
  StaticRegexReplace: strings,
  StringNGrams: strings,
  StringSplit: strings,
  StringToHashBucketFast: strings,
  Unique: ofValues,
  UpperBound: composed('tf.upperBound'),
} satisfies Readonly<Partial<Record<TfjsKernelName, Refusal>>>;
