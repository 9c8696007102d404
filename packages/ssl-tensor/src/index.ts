export * from './host.js';
export { registerSslBackend } from './backend/register-backend.js';
export { isTracing } from './compile/active-trace.js';
export { compile } from './compile/compile.js';
export type { CompiledFunction, CompileOptions, Feed, Feeds } from './compile/compiled-types.js';
export { addRelu } from './ops/add-relu.js';
export { batchMoments, batchNorm } from './ops/batch-norm.js';
export { channelAffine } from './ops/channel-affine.js';
export type { ChannelActivation } from './ops/channel-affine.js';
export type { BatchMoments } from './ops/batch-norm.js';
export { blockwiseLength } from './graph/blockwise.js';
export { blockwise, channelSums, rowwise } from './ops/blockwise.js';
export { dropout } from './ops/dropout.js';
export { gelu } from './ops/gelu.js';
export type { GeluOptions } from './ops/gelu.js';
export { groupNorm } from './ops/group-norm.js';
export type { GroupNormOptions } from './ops/group-norm.js';
export { layerNorm } from './ops/layer-norm.js';
export {
  foldInKey,
  keyArray,
  randomBits,
  randomNormal,
  randomPermutation,
  randomUniform,
} from './ops/random-uniform.js';
export type { TensorKey } from './ops/random-uniform.js';
export { scaledDotProductAttention } from './ops/scaled-dot-product-attention.js';
export type { AttentionOptions } from './ops/scaled-dot-product-attention.js';
export { sparseSoftmaxCrossEntropy } from './ops/sparse-softmax-cross-entropy.js';
export { stopGradient } from './ops/stop-gradient.js';
export { takeRows } from './ops/take-rows.js';
export { profile } from './profile/profile.js';
export type { Profile, ProfileEntry, ProfileOptions } from './profile/profile.js';
