export { checkAscending } from './encoders/check-ascending.js';
export type { Encoder } from './encoders/encoder.js';
export { checkParameterName } from './encoders/layered.js';
export type { Layered } from './encoders/layered.js';
export type { MapEncoder, MapOptions, MapStage, VolumeStride } from './encoders/map-encoder.js';
export type { TokenEncoder, TokenOptions, Tokens } from './encoders/token-encoder.js';
export { tokenMaps, tokenVolumes } from './encoders/token-maps.js';
export {
  constant,
  fans,
  kaimingNormal,
  kaimingUniform,
  normal,
  ones,
  torchBias,
  torchWeight,
  truncatedNormal,
  uniform,
  xavierUniform,
  zeros,
} from './init/initialiser.js';
export type { Initialiser, KaimingOptions, TruncatedNormalOptions } from './init/initialiser.js';
export { randomWords } from './init/random-fill.js';
export { shapesOnly } from './init/shapes-only.js';
export { additiveMask, mergeHeads, splitHeads } from './layers/attention-heads.js';
export type { AttentionPositions } from './layers/attention-scores.js';
export { BatchNorm } from './layers/batch-norm.js';
export type { BatchNormOptions } from './layers/batch-norm.js';
export { Conv2d } from './layers/conv2d.js';
export type { Conv2dOptions, Padding } from './layers/conv2d.js';
export { Conv3d } from './layers/conv3d.js';
export type { Conv3dOptions, VolumePadding } from './layers/conv3d.js';
export { CrossAttention } from './layers/cross-attention.js';
export type { CrossAttentionCall, CrossAttentionOptions } from './layers/cross-attention.js';
export { DropPath } from './layers/drop-path.js';
export { Dropout } from './layers/dropout.js';
export { Embedding } from './layers/embedding.js';
export type { EmbeddingOptions } from './layers/embedding.js';
export { FrozenBatchNorm } from './layers/frozen-batch-norm.js';
export type { FrozenBatchNormOptions } from './layers/frozen-batch-norm.js';
export { Gelu } from './layers/gelu.js';
export { GroupNorm } from './layers/group-norm.js';
export type { GroupNormLayerOptions } from './layers/group-norm.js';
export { Identity } from './layers/identity.js';
export { LayerNorm } from './layers/layer-norm.js';
export type { LayerNormOptions } from './layers/layer-norm.js';
export { LayerScale } from './layers/layer-scale.js';
export { Linear } from './layers/linear.js';
export type { LinearOptions } from './layers/linear.js';
export { Mlp } from './layers/mlp.js';
export type { MlpOptions } from './layers/mlp.js';
export { MultiHeadAttention } from './layers/multi-head-attention.js';
export type { MultiHeadAttentionOptions } from './layers/multi-head-attention.js';
export type { NormKind } from './layers/normalisation.js';
export { RelativePositionBias } from './layers/relative-position-bias.js';
export type { RelativePositionBiasOptions } from './layers/relative-position-bias.js';
export { Relu } from './layers/relu.js';
export { RmsNorm } from './layers/rms-norm.js';
export type { RmsNormOptions } from './layers/rms-norm.js';
export { RotaryPositions } from './layers/rotary-positions.js';
export type { RotaryPositionsOptions } from './layers/rotary-positions.js';
export { rotateTokens } from './layers/rotate-tokens.js';
export type { RotaryTables } from './layers/rotate-tokens.js';
export { Sequential } from './layers/sequential.js';
export { SwiGlu } from './layers/swi-glu.js';
export type { SwiGluOptions } from './layers/swi-glu.js';
export { TransformerBlock } from './layers/transformer-block.js';
export type { TransformerBlockOptions } from './layers/transformer-block.js';
export { captured } from './module/captured.js';
export type { Captured } from './module/captured.js';
export { capturedAll } from './module/captured-all.js';
export type { CapturedAll, ModuleOutput } from './module/captured-all.js';
export { childContext, drawKey, evaluation, training } from './module/forward-context.js';
export type { ForwardContext } from './module/forward-context.js';
export type { LoadStateOptions, LoadStateResult } from './module/load-state.js';
export { Module } from './module/module.js';
export type { UnaryModule } from './module/module.js';
export { Buffer, ModuleState, Parameter } from './module/parameter.js';
export { parametersOf } from './module/parameters-of.js';
export { twinOf } from './module/twin-of.js';
export type { StateOptions } from './module/parameter.js';
export { checkStateDict } from './module/check-state-dict.js';
export { withoutPrefix, withPrefix } from './module/state-dict.js';
export { sameValues } from './module/same-values.js';
export { StateEntries } from './module/state-entries.js';
export type { StateDict } from './module/state-dict.js';
export { conv3dLayout, convLayout, linearLayout, permuteAxes, permutedLayout } from './module/state-layout.js';
export type { StateLayout } from './module/state-layout.js';
export { decodeSafetensors } from './safetensors/decode.js';
export { encodeSafetensors } from './safetensors/encode.js';
export { loadSafetensors, verifySafetensors } from './safetensors/load.js';
export type { LoadSafetensorsOptions } from './safetensors/load.js';
export { saveSafetensors } from './safetensors/save.js';
export type { SafetensorsOptions } from './safetensors/safetensors-head.js';
export type { SkippedTensor } from './safetensors/skipped-tensor.js';
export type { Safetensors } from './safetensors/tensor-collector.js';
export { summary } from './summary/summary.js';
export type { ModuleSummary } from './summary/module-summary.js';
export type { Summary, SummaryOptions } from './summary/summary.js';
