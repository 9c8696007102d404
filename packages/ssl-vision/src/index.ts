export type { Backbone } from './backbone.js';
export { backbones, createBackbone } from './backbones/registry.js';
export type { BackboneName, BackboneOptions } from './backbones/registry.js';
export { BasicBlock } from './backbones/resnet/basic-block.js';
export { Bottleneck } from './backbones/resnet/bottleneck.js';
export type { ResidualBlockOptions } from './backbones/resnet/residual-block.js';
export { ResNet, resnet101, resnet18, resnet34, resnet50 } from './backbones/resnet/resnet.js';
export type { ResNetOptions, ResNetVariantOptions } from './backbones/resnet/resnet.js';
export { SmallConvEncoder, smallConvDefaults } from './backbones/small-conv-encoder.js';
export type { SmallConvOptions } from './backbones/small-conv-encoder.js';
export { PatchEmbed } from './backbones/vision-transformer/patch-embed.js';
export type { PatchEmbedOptions } from './backbones/vision-transformer/patch-embed.js';
export { sinCosPositions } from './backbones/vision-transformer/sin-cos-positions.js';
export {
  VisionTransformer,
  visionTransformerInit,
  vitSmall,
  vitTiny,
} from './backbones/vision-transformer/vision-transformer.js';
export type {
  VisionTransformerInit,
  VisionTransformerOptions,
  VitVariantOptions,
} from './backbones/vision-transformer/vision-transformer.js';
export { ProjectionHead, projectionHeadDefaults } from './heads/projection-head.js';
export type { ProjectionHeadOptions } from './heads/projection-head.js';
export { cifar10Statistics, imagenetStatistics, mnistStatistics, normalizeImages } from './images/normalize-images.js';
export type { ImageStatistics } from './images/normalize-images.js';
export { Mae, maeDefaults } from './methods/mae/mae.js';
export type { MaeOptions } from './methods/mae/mae.js';
export { MaeDecoder } from './methods/mae/mae-decoder.js';
export type { MaeDecoderOptions, MaeDecoderSize } from './methods/mae/mae-decoder.js';
export { MaskedAutoencoder, maeDecoderDefaults } from './methods/mae/masked-autoencoder.js';
export type { MaskedAutoencoderOptions } from './methods/mae/masked-autoencoder.js';
export { randomMasking } from './methods/mae/random-masking.js';
export type { MaskedPatches } from './methods/mae/random-masking.js';
export { SimClr, simClrDefaults } from './methods/simclr.js';
export type { MultiViewBatch, SimClrOptions } from './methods/simclr.js';
