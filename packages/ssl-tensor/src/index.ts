export * from './host.js';
export { fetched } from './backend/fetched.js';
export type { Fetchable } from './backend/fetched.js';
export { registerSslBackend } from './backend/register-backend.js';
export { allGather } from './collective/all-gather.js';
export { allReduce } from './collective/all-reduce.js';
export type { AllReduceOptions } from './collective/all-reduce.js';
export type { Collective } from './collective/collective.js';
export { inProcessCollectives } from './collective/in-process-collectives.js';
export { isTracing } from './compile/active-trace.js';
export { compile } from './compile/compile.js';
export { compileOptionNames } from './compile/compiled-types.js';
export type { CompiledFunction, CompileOptions, Feed, Feeds, MemoryPlan } from './compile/compiled-types.js';
export type { HostFunction, HostResults, HostTensorSpec } from './compile/host-function.js';
export { chooseDevice } from './engine/choose-device.js';
export type { DeviceChoice } from './engine/choose-device.js';
export { engineThreads } from './engine/engine-threads.js';
export { ExportError } from './errors/export-error.js';
export { HostCallError } from './errors/host-call-error.js';
export { exportOnnx } from './export/export-onnx.js';
export type { ExportableModule, ExportNormalization, ExportOnnxOptions } from './export/export-options.js';
export { keyedDropout } from './layers/keyed-dropout.js';
export { addRelu } from './ops/add-relu.js';
export { batchMoments, batchNorm } from './ops/batch-norm.js';
export { channelAffine } from './ops/channel-affine.js';
export type { ChannelActivation } from './ops/channel-affine.js';
export type { BatchMoments } from './ops/batch-norm.js';
export { blockwiseLength } from './graph/blockwise.js';
export { blockwise, channelSums } from './ops/blockwise.js';
export { checkpoint } from './ops/checkpoint.js';
export { dropPath } from './ops/drop-path.js';
export type { DropPathOptions } from './ops/drop-path.js';
export { dropout } from './ops/dropout.js';
export { gelu } from './ops/gelu.js';
export type { GeluOptions } from './ops/gelu.js';
export { groupNorm } from './ops/group-norm.js';
export type { GroupNormOptions } from './ops/group-norm.js';
export { hostCall } from './ops/host-call.js';
export type { HostCallGradient, HostCallOptions } from './ops/host-call.js';
export { layerNorm } from './ops/layer-norm.js';
export { matMulFloat16 } from './ops/mat-mul-float16.js';
export { narrowConvNorm } from './ops/narrow-conv-norm.js';
export type { NarrowConvNormOptions } from './ops/narrow-conv-norm.js';
export {
  foldInKey,
  keyArray,
  randomBits,
  randomNormal,
  randomPermutation,
  randomUniform,
} from './ops/random-uniform.js';
export type { TensorKey } from './ops/random-uniform.js';
export { roundToFloat16 } from './ops/round-to-float16.js';
export { scaledDotProductAttention } from './ops/scaled-dot-product-attention.js';
export type { AttentionOptions } from './ops/scaled-dot-product-attention.js';
export { softplus } from './ops/softplus.js';
export type { SoftplusOptions } from './ops/softplus.js';
export { sparseSoftmaxCrossEntropy } from './ops/sparse-softmax-cross-entropy.js';
export { stopGradient } from './ops/stop-gradient.js';
export { takeRows } from './ops/take-rows.js';
export { withoutGradient } from './ops/without-gradient.js';
export { traceKernels } from './profile/trace-kernels.js';
export type { KernelCall } from './profile/trace-kernels.js';
export { profile } from './profile/profile.js';
export { RuntimeError, runtimeVersion } from '@selfsup/ssl-runtime';
export type { Profile, ProfileEntry, ProfileOptions } from './profile/profile.js';
export { gradCache } from './ops/grad-cache.js';
export type { GradCacheOptions } from './ops/grad-cache.js';
export type { Stateful } from './state/stateful.js';
