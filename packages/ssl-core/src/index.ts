export { CheckpointError } from './errors/checkpoint-error.js';
export { describeValue } from './errors/describe-value.js';
export { DataError } from './errors/data-error.js';
export { InvalidOptionError } from './errors/invalid-option-error.js';
export { ShapeError } from './errors/shape-error.js';
export { SslError } from './errors/ssl-error.js';
export { UnsupportedOpError } from './errors/unsupported-op-error.js';
export { checkLabels } from './labels/check-labels.js';
export type { CheckLabelsOptions } from './labels/check-labels.js';
export { noLabel } from './labels/no-label.js';
export { checkIsTensor } from './check-is-tensor.js';
export { copyOf } from './copy-of.js';
export { isNdArray, ndArray } from './nd-array.js';
export type { NdArray, NdData } from './nd-array.js';
export { checkChoice } from './options/check-choice.js';
export {
  checkCount,
  checkInteger,
  checkNonNegative,
  checkNumber,
  checkPositive,
  checkRate,
  checkShare,
} from './options/check-number.js';
export { checkOptions } from './options/check-options.js';
export type { KnownOptions } from './options/check-options.js';
export { nearestName, suggestion } from './options/nearest-name.js';
export type { OptionKind, OptionNames } from './options/option-names.js';
export { printable } from './printable.js';
export { withArticle } from './with-article.js';
export { usageText } from './usage-text.js';
export { usesColour } from './uses-colour.js';
export { checkRandomKey } from './random/check-random-key.js';
export { foldIn, randomKey, split } from './random/random-key.js';
export type { RandomKey } from './random/random-key.js';
export { RandomStream } from './random/random-stream.js';
export { threefry2x32 } from './random/threefry.js';
