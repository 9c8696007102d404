export { ConvNeXt, convNeXtSmall, convNeXtTiny } from './encoders/convnext/convnext.js';
export type { ConvNeXtOptions, ConvNeXtVariantOptions } from './encoders/convnext/convnext.js';
export {
  EfficientNet,
  efficientNetB0,
  efficientNetB1,
  efficientNetB2,
  efficientNetB3,
} from './encoders/mobile/efficientnet.js';
export type {
  EfficientNetOptions,
  EfficientNetStage,
  EfficientNetVariantOptions,
} from './encoders/mobile/efficientnet.js';
export { LayersEncoder } from './encoders/foreign/layers-encoder.js';
export { OnnxEncoder } from './encoders/foreign/onnx-encoder.js';
export type { OnnxEncoderOptions } from './encoders/foreign/onnx-encoder.js';
export { MobileNetV3, mobileNetV3Large, mobileNetV3Small } from './encoders/mobile/mobilenet-v3.js';
export type { MobileNetBlock, MobileNetV3Options, MobileNetV3VariantOptions } from './encoders/mobile/mobilenet-v3.js';
export { backbones, createBackbone } from './encoders/registry.js';
export type { BackboneName, BackboneOptions } from './encoders/registry.js';
export type { Volumes } from './encoders/check-volumes.js';
export { r3d18, resnet3d10, resnet3d18, resnet3d34, resnet3d50 } from './encoders/resnet3d/resnet3d-sizes.js';
export type { ResNet3dOptions, ResNet3dVariantOptions } from './encoders/resnet3d/resnet3d-options.js';
export { ResNet3d } from './encoders/resnet3d/resnet3d.js';
export { PatchEmbed3d } from './encoders/vit3d/patch-embed3d.js';
export type { PatchEmbed3dOptions } from './encoders/vit3d/patch-embed3d.js';
export { sinCosPositions3d } from './encoders/vit3d/sin-cos-positions3d.js';
export { VisionTransformer3d } from './encoders/vit3d/vision-transformer3d.js';
export type { VisionTransformer3dOptions, VolumeTokenOptions } from './encoders/vit3d/vision-transformer3d.js';
export { vit3dBase, vit3dSmall, vit3dTiny } from './encoders/vit3d/vit3d-sizes.js';
export type { Vit3dVariantOptions } from './encoders/vit3d/vit3d-sizes.js';
export { volumeBackbones } from './encoders/volume-registry.js';
export type { VolumeBackboneName } from './encoders/volume-registry.js';
export { BasicBlock } from './encoders/resnet/basic-block.js';
export { Bottleneck } from './encoders/resnet/bottleneck.js';
export type { ResidualBlockOptions } from './encoders/resnet/residual-block.js';
export {
  ResNet,
  resnet101,
  resnet18,
  resnet34,
  resnet50,
  wideResnet101,
  wideResnet50,
} from './encoders/resnet/resnet.js';
export type { ResNetNorm } from './encoders/resnet/resnet-norm.js';
export type { ResNetOptions, ResNetVariantOptions } from './encoders/resnet/resnet.js';
export { SmallConvEncoder, smallConvDefaults } from './encoders/small-conv-encoder.js';
export type { SmallConvOptions } from './encoders/small-conv-encoder.js';
export { SwinTransformer, swinBase, swinSmall, swinTiny } from './encoders/swin/swin-transformer.js';
export type { SwinTransformerOptions, SwinVariantOptions } from './encoders/swin/swin-transformer.js';
export { PatchEmbed } from './encoders/vision-transformer/patch-embed.js';
export type { PatchEmbedOptions } from './encoders/vision-transformer/patch-embed.js';
export { resizePositions } from './encoders/vision-transformer/resize-positions.js';
export type { Grid, ResizePositionsOptions } from './encoders/vision-transformer/resize-positions.js';
export { sinCosPositions } from './encoders/vision-transformer/sin-cos-positions.js';
export { visionTransformerInit } from './encoders/vision-transformer/vision-transformer-options.js';
export type {
  VisionTransformerInit,
  VisionTransformerOptions,
} from './encoders/vision-transformer/vision-transformer-options.js';
export { VisionTransformer } from './encoders/vision-transformer/vision-transformer.js';
export { DinoHead, dinoHeadDefaults } from './heads/dino-head.js';
export { DistillationHead } from './heads/distillation-head.js';
export type { DistillationHeadOptions } from './heads/distillation-head.js';
export type { DinoHeadOptions } from './heads/dino-head.js';
export { MsnHead, msnHeadDefaults } from './heads/msn-head.js';
export type { MsnHeadOptions } from './heads/msn-head.js';
export { Prototypes } from './heads/prototypes.js';
export type { PrototypesOptions } from './heads/prototypes.js';
export type { LastNorm } from './heads/mlp-layers.js';
export { PredictionHead, predictionHeadDefaults } from './heads/prediction-head.js';
export type { PredictionHeadOptions } from './heads/prediction-head.js';
export {
  dinoV2Base,
  dinoV2Giant,
  dinoV2Large,
  dinoV2Small,
  vitBase,
  vitGiant,
  vitHuge,
  vitLarge,
  vitSmall,
  vitMicro,
  vitTiny,
} from './encoders/vision-transformer/vit-sizes.js';
export type { VitVariantOptions } from './encoders/vision-transformer/vit-sizes.js';
export type { PooledEncoder } from './encoders/last-map.js';
export { ProjectionHead, projectionHeadDefaults } from './heads/projection-head.js';
export type { ProjectionHeadOptions } from './heads/projection-head.js';
export { SwavHead, swavHeadDefaults } from './heads/swav-head.js';
export type { SwavHeadOptions, SwavOutput } from './heads/swav-head.js';
export { WeightNormLinear } from './heads/weight-norm-linear.js';
export type { WeightNormLinearOptions } from './heads/weight-norm-linear.js';
export { resizeBilinear } from './images/resize-bilinear.js';
export {
  cifar10Statistics,
  imagenetStatistics,
  mnistStatistics,
  normalizeImages,
  rawPixelStatistics,
  ownStatistics,
} from './images/normalize-images.js';
export type { ImageStatistics } from './images/check-image-statistics.js';
export { AmdimEncoder, amdimEncoderDefaults, amdimEncoderSmall } from './methods/amdim/amdim-encoder.js';
export type { AmdimEncoderOptions } from './methods/amdim/amdim-encoder.js';
export { AmdimHead } from './methods/amdim/amdim-head.js';
export type { AmdimHeadOptions } from './methods/amdim/amdim-head.js';
export { Amdim, amdimDefaults, amdimSmall } from './methods/amdim/amdim.js';
export type { AmdimOptions } from './methods/amdim/amdim.js';
export { Autoencoder, autoencoderDefaults, denoisingDefaults } from './methods/autoencoder/autoencoder.js';
export type { AutoencoderOptions } from './methods/autoencoder/autoencoder.js';
export { ConvDecoder, convDecoderDefaults } from './methods/autoencoder/conv-decoder.js';
export type { ConvDecoderOptions } from './methods/autoencoder/conv-decoder.js';
export { BarlowTwins, barlowTwinsDefaults, barlowTwinsSmall } from './methods/barlow-twins/barlow-twins.js';
export type { BarlowTwinsOptions } from './methods/barlow-twins/barlow-twins.js';
export { beitBase, beitLarge, beitSmall, beitTransformer } from './methods/beit/beit-transformer.js';
export type { BeitTransformerOptions, BeitVariantOptions } from './methods/beit/beit-transformer.js';
export { Beit, beitDefaults } from './methods/beit/beit.js';
export type { BeitOptions, MaskedBatch } from './methods/beit/beit.js';
export { DiscreteVae, discreteVaeDefaults, discreteVaeSmall } from './methods/beit/discrete-vae.js';
export type { DiscreteVaeOptions } from './methods/beit/discrete-vae.js';
export { VisualTokenizer, visualTokenizerDefaults, visualTokenizerSmall } from './methods/beit/visual-tokenizer.js';
export type { DecodedPixels, VisualTokenizerOptions } from './methods/beit/visual-tokenizer.js';
export { Byol, byolDefaults, byolSmall } from './methods/byol/byol.js';
export type { ByolOptions } from './methods/byol/byol.js';
export { CapiPredictor } from './methods/capi/capi-predictor.js';
export type { CapiPredictorOptions } from './methods/capi/capi-predictor.js';
export { Capi, capiDefaults, capiSmall } from './methods/capi/capi.js';
export type { CapiOptions, MaskedViewBatch } from './methods/capi/capi.js';
export { CrossAttentionBlock } from './methods/capi/cross-attention-block.js';
export type { CrossAttentionBlockOptions } from './methods/capi/cross-attention-block.js';
export { CpcPredictor } from './methods/cpc/cpc-predictor.js';
export type { CpcPredictorOptions, CpcPredictorSizes } from './methods/cpc/cpc-predictor.js';
export { Cpc, cpcDefaults, cpcSmall } from './methods/cpc/cpc.js';
export type { CpcDirection, CpcOptions } from './methods/cpc/cpc.js';
export { PatchwiseEncoder } from './methods/cpc/patchwise-encoder.js';
export type { PatchwiseEncoderOptions } from './methods/cpc/patchwise-encoder.js';
export { DenseCl, denseClDefaults, denseClSmall } from './methods/densecl/densecl.js';
export type { DenseClOptions } from './methods/densecl/densecl.js';
export { Dino, dinoDefaults } from './methods/dino/dino.js';
export type { DinoOptions } from './methods/dino/dino.js';
export { DinoV2, dinoV2Defaults } from './methods/dinov2/dinov2.js';
export type { DinoV2Options, DinoV2Phase } from './methods/dinov2/dinov2.js';
export { gramAnchoringPhaseDefaults } from './methods/dinov2/gram-anchor.js';
export type { GramAnchoringPhase } from './methods/dinov2/gram-anchor.js';
export type { Distance } from './methods/distillation/distances.js';
export { distillationDense, Distillation, distillationDefaults } from './methods/distillation/distillation.js';
export type { DistillationBatch, DistillationOptions } from './methods/distillation/distillation.js';
export type { TargetKind } from './methods/distillation/feature-targets.js';
export type { BatchTeacher, DistillationTeacher, EncoderTeacher, TaughtBatch } from './methods/distillation/teacher.js';
export { withTeacher } from './methods/distillation/with-teacher.js';
export type { TaughtLoader, ViewsOfSamples, WithTeacherOptions } from './methods/distillation/with-teacher.js';
export { FastSiam, fastSiamDefaults, fastSiamSmall } from './methods/fastsiam/fastsiam.js';
export type { FastSiamOptions } from './methods/fastsiam/fastsiam.js';
export { Frossl, frosslDefaults, frosslSmall } from './methods/frossl/frossl.js';
export type { FrosslOptions } from './methods/frossl/frossl.js';
export { Ibot, ibotDefaults } from './methods/ibot/ibot.js';
export type { IbotOptions } from './methods/ibot/ibot.js';
export { fitPalette, fitPaletteDefaults } from './methods/igpt/fit-palette.js';
export type { FitPaletteOptions } from './methods/igpt/fit-palette.js';
export { IGpt, iGptDefaults } from './methods/igpt/igpt.js';
export type { IGptOptions } from './methods/igpt/igpt.js';
export { iGptSizes, PixelTransformer, pixelTransformerSmall } from './methods/igpt/pixel-transformer.js';
export type { PixelTransformerOptions } from './methods/igpt/pixel-transformer.js';
export { IJepa, iJepaDefaults, iJepaSmall } from './methods/ijepa/ijepa.js';
export type { IJepaOptions } from './methods/ijepa/ijepa.js';
export type { JepaBlocks } from './methods/ijepa/jepa-blocks.js';
export { JepaPredictor } from './methods/ijepa/jepa-predictor.js';
export type { JepaPredictorOptions } from './methods/ijepa/jepa-predictor.js';
export { LeJepa, leJepaDefaults, leJepaSmall } from './methods/lejepa/lejepa.js';
export type { LeJepaOptions } from './methods/lejepa/lejepa.js';
export { ClassifierEncoder } from './methods/logit-distillation/classifier-encoder.js';
export { LogitDistillation, logitDistillationDefaults } from './methods/logit-distillation/logit-distillation.js';
export type {
  LogitDistillationBatch,
  LogitDistillationOptions,
} from './methods/logit-distillation/logit-distillation.js';
export { MaeDecoder } from './methods/mae/mae-decoder.js';
export type { MaeDecoderOptions, MaeDecoderSize } from './methods/mae/mae-decoder.js';
export { MaeDecoder3d } from './methods/mae/mae-decoder3d.js';
export type { MaeDecoder3dOptions, MaeDecoder3dSize } from './methods/mae/mae-decoder3d.js';
export { Mae, maeDefaults } from './methods/mae/mae.js';
export type { MaeModel, MaeOptions } from './methods/mae/mae.js';
export { MaskedAutoencoder, maeDecoderDefaults } from './methods/mae/masked-autoencoder.js';
export type { MaskedAutoencoderOptions } from './methods/mae/masked-autoencoder.js';
export {
  MaskedAutoencoder3d,
  maskedAutoencoder3dDefaults,
  maskedAutoencoder3dSmall,
} from './methods/mae/masked-autoencoder3d.js';
export type { MaskedAutoencoder3dOptions } from './methods/mae/masked-autoencoder3d.js';
export { randomMasking } from './methods/mae/random-masking.js';
export type { MaskedPatches } from './methods/mae/random-masking.js';
export { Mmcr, mmcrDefaults, mmcrSmall } from './methods/mmcr/mmcr.js';
export type { MmcrOptions } from './methods/mmcr/mmcr.js';
export { MocoV3, mocoV3Defaults, mocoV3Small } from './methods/moco-v3/moco-v3.js';
export type { MocoV3Options } from './methods/moco-v3/moco-v3.js';
export { Moco, mocoDefaults, mocoSmall, mocoV1Defaults } from './methods/moco/moco.js';
export type { MocoOptions } from './methods/moco/moco.js';
export type { MaskedSiameseModules, MaskedSiameseOptions } from './methods/msn/masked-siamese.js';
export { Msn, msnDefaults } from './methods/msn/msn.js';
export type { MsnOptions } from './methods/msn/msn.js';
export { Pmsn, pmsnDefaults } from './methods/msn/pmsn.js';
export type { PmsnOptions } from './methods/msn/pmsn.js';
export { Nnclr, nnclrDefaults, nnclrSmall } from './methods/nnclr/nnclr.js';
export type { NnclrOptions } from './methods/nnclr/nnclr.js';
export { Seed, seedDefaults, seedSmall } from './methods/seed/seed.js';
export type { SeedOptions } from './methods/seed/seed.js';
export type { MaskShares } from './methods/self-distillation/block-masks.js';
export type { DinoHeadChoice } from './methods/self-distillation/dino-head-of.js';
export type { DistillationNumbers, DistillationPhase } from './methods/self-distillation/distillation-numbers.js';
export type {
  MaskedEncoder,
  MaskedMultiViewBatch,
  TokenModules,
} from './methods/self-distillation/token-distillation.js';
export { HeadEncoder } from './methods/simclr-v2/head-encoder.js';
export { SimClrV2, simClrV2Defaults, simClrV2Small } from './methods/simclr-v2/simclr-v2.js';
export type { SimClrV2Options } from './methods/simclr-v2/simclr-v2.js';
export { SimClr, simClrDefaults } from './methods/simclr/simclr.js';
export type { MultiViewBatch, SimClrOptions } from './methods/simclr/simclr.js';
export { SimMim, simMimDefaults } from './methods/simmim/simmim.js';
export type { SimMimOptions } from './methods/simmim/simmim.js';
export type { SiameseModules } from './methods/simsiam/siamese-modules.js';
export { SimSiam, simSiamDefaults, simSiamSmall } from './methods/simsiam/simsiam.js';
export type { SimSiamOptions } from './methods/simsiam/simsiam.js';
export { Smog, smogDefaults, smogSmall } from './methods/smog/smog.js';
export type { SmogOptions, SmogPhase } from './methods/smog/smog.js';
export { SupCon, supConDefaults } from './methods/supcon/supcon.js';
export type { LabelledViewBatch, SupConOptions } from './methods/supcon/supcon.js';
export { Swav, swavDefaults } from './methods/swav/swav.js';
export type { SwavOptions, SwavPhase } from './methods/swav/swav.js';
export { TiCo, tiCoDefaults, tiCoSmall } from './methods/tico/tico.js';
export type { TiCoOptions } from './methods/tico/tico.js';
export { Vicreg, vicregDefaults, vicregSmall } from './methods/vicreg/vicreg.js';
export type { VicregOptions } from './methods/vicreg/vicreg.js';
export { VicregL, vicregLDefaults, vicregLSmall } from './methods/vicregl/vicregl.js';
export type { LocatedViewBatch, VicregLOptions } from './methods/vicregl/vicregl.js';
export { VisReg, visRegDefaults, visRegSmall } from './methods/visreg/visreg.js';
export type { VisRegOptions } from './methods/visreg/visreg.js';
export { WMse, wMseDefaults } from './methods/w-mse/w-mse.js';
export type { WMseOptions } from './methods/w-mse/w-mse.js';
export { LoadedEncoder, loadEncoder } from './pretrain/load-encoder.js';
export type { Pictures } from './pretrain/load-encoder.js';
export type { EncoderArchitecture } from './pretrain/architecture.js';
export type { EncoderDescription } from './pretrain/encoder-description.js';
export { chooseMethod } from './pretrain/chooser/choose-method.js';
export type { MethodChoice } from './pretrain/chooser/choose-method.js';
export type { AdvisedRun, MethodAdvice, MethodReason } from './pretrain/chooser/method-advice.js';
export type { Goal, TaskFacts } from './pretrain/chooser/task-facts.js';
export type { PretrainTeacher } from './pretrain/opened-teacher.js';
export { pretrain } from './pretrain/pretrain.js';
export type { PretrainResult } from './pretrain/pretrain.js';
export type { LabelledPictures, PretrainOptions } from './pretrain/pretrain-options.js';
export type { AmdimChoices } from './pretrain/recipes/amdim.js';
export type { AutoencoderChoices, DenoisingChoices } from './pretrain/recipes/autoencoder.js';
export type { BarlowTwinsChoices } from './pretrain/recipes/barlow-twins.js';
export type { ByolChoices } from './pretrain/recipes/byol.js';
export type { CapiChoices } from './pretrain/recipes/capi.js';
export type { DclChoices } from './pretrain/recipes/dcl.js';
export type { DenseClChoices } from './pretrain/recipes/densecl.js';
export type { DinoChoices } from './pretrain/recipes/dino.js';
export type { DinoV2Choices } from './pretrain/recipes/dinov2.js';
export type { FastSiamChoices } from './pretrain/recipes/fastsiam.js';
export type { FrosslChoices } from './pretrain/recipes/frossl.js';
export type { DistillationChoices } from './pretrain/recipes/distillation.js';
export type { IbotChoices } from './pretrain/recipes/ibot.js';
export type { IJepaChoices } from './pretrain/recipes/ijepa.js';
export type { LeJepaChoices } from './pretrain/recipes/lejepa.js';
export type { MaeChoices } from './pretrain/recipes/mae.js';
export type { MmcrChoices } from './pretrain/recipes/mmcr.js';
export type { MocoChoices } from './pretrain/recipes/moco.js';
export type { MocoV3Choices } from './pretrain/recipes/moco-v3.js';
export type { MsnChoices, PmsnChoices } from './pretrain/recipes/msn.js';
export type { NnclrChoices } from './pretrain/recipes/nnclr.js';
export type { MethodChoices, MethodName } from './pretrain/recipes/recipes.js';
export type { SimClrChoices } from './pretrain/recipes/simclr.js';
export type { SimClrV2Choices } from './pretrain/recipes/simclr-v2.js';
export type { SimMimChoices } from './pretrain/recipes/simmim.js';
export type { SimSiamChoices } from './pretrain/recipes/simsiam.js';
export type { SmogChoices } from './pretrain/recipes/smog.js';
export type { SupConChoices } from './pretrain/recipes/supcon.js';
export type { SwavChoices } from './pretrain/recipes/swav.js';
export type { TiCoChoices } from './pretrain/recipes/tico.js';
export type { VicregChoices } from './pretrain/recipes/vicreg.js';
export type { VicregLChoices } from './pretrain/recipes/vicregl.js';
export type { VisRegChoices } from './pretrain/recipes/visreg.js';
export type { WMseChoices } from './pretrain/recipes/w-mse.js';
