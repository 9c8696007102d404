import * as tf from '@tensorflow/tfjs-core';
import { Conv3d, Module, checkAscending, checkParameterName, childContext, evaluation } from '@selfsup/ssl-nn';
import type {
  BatchNorm,
  Encoder,
  ForwardContext,
  FrozenBatchNorm,
  GroupNorm,
  Layered,
  MapEncoder,
  MapOptions,
  MapStage,
  StateEntries,
  VolumeStride,
} from '@selfsup/ssl-nn';
import { checkChoice, checkCount, foldIn, InvalidOptionError } from '@selfsup/ssl-tensor';
import { checkOptions } from '@selfsup/ssl-tensor/host';
import { checkVolumes, type Volumes } from '../check-volumes.js';
import { mapOptionNames } from '../map-option-names.js';
import { kaimingFanOut } from '../resnet/residual-block.js';
import { createNorm, type ResNetNorm } from '../resnet/resnet-norm.js';
import { runBlock } from '../run-block.js';
import { tripleOf } from '../triple-of.js';
import { BasicBlock3d } from './basic-block3d.js';
import { Bottleneck3d } from './bottleneck3d.js';
import { resNet3dOptionNames, type ResNet3dOptions } from './resnet3d-options.js';
import { upgradeR3d } from './upgrade-r3d.js';

/**
 * Residual network of volumes without its classifier, the mean over all positions as features. State dict and
 * initialisation (Kaiming normal, fan out) as MONAI's `ResNet` with `spatial_dims=3` less `fc`, so that MedicalNet's files
 * load; torchvision's `r3d_18` loads too, and is saved under MONAI's names.
 *
 * Its maps are the stem's (before pooling) and those of the four stages, as MONAI's `ResNetFeatures`; its layers the stem
 * and every block.
 *
 * Source: Hara et al. 2017 (arXiv 1711.09577); Chen et al. 2019 (arXiv 1904.00625) for MedicalNet;
 * `monai/networks/nets/resnet.py`.
 */
export class ResNet3d extends Module implements Encoder<Volumes>, MapEncoder<tf.Tensor5D, VolumeStride>, Layered {
  readonly featureDim: number;
  readonly conv1: Conv3d;
  readonly bn1: BatchNorm | FrozenBatchNorm | GroupNorm;
  readonly layer1: readonly (BasicBlock3d | Bottleneck3d)[];
  readonly layer2: readonly (BasicBlock3d | Bottleneck3d)[];
  readonly layer3: readonly (BasicBlock3d | Bottleneck3d)[];
  readonly layer4: readonly (BasicBlock3d | Bottleneck3d)[];
  private readonly pools: boolean;
  private readonly checkpoints: boolean;

  /** @throws InvalidOptionError for an unknown block, norm or shortcut, a count that is not a positive integer, an even stem */
  constructor(options: ResNet3dOptions) {
    super();
    const where = 'ResNet3d';
    const {
      key,
      block,
      layers,
      inChannels = 1,
      stemKernel = 7,
      stemStride = 1,
      stemPool = true,
      shortcut = 'B',
      biasDownsample = true,
      width = 64,
      norm = 'batch',
      groups = 32,
      dropPath = 0,
      checkpointBlocks = false,
    } = checkOptions(where, options, resNet3dOptionNames);
    checkChoice(where, 'block', block, ['basic', 'bottleneck']);
    checkChoice(where, 'shortcut', shortcut, ['A', 'B']);
    checkChoice(where, 'norm', norm, ['batch', 'group', 'frozen']);
    checkCount(where, { inChannels, width, groups });
    if (!Array.isArray(layers) || layers.length !== 4)
      throw new InvalidOptionError(where, 'layers', 'four positive integers, one for each stage', layers);
    for (const count of layers) checkCount(where, { layers: count });
    const kernelSize = tripleOf(where, 'stemKernel', stemKernel);
    if (kernelSize.some((side) => side % 2 === 0))
      throw new InvalidOptionError(where, 'stemKernel', 'odd, so that it has a middle', stemKernel);
    const Block = block === 'basic' ? BasicBlock3d : Bottleneck3d;
    this.checkpoints = checkpointBlocks;
    this.pools = stemPool;
    const half = (side: number): [number, number] => [(side - 1) / 2, (side - 1) / 2];
    this.conv1 = new Conv3d(inChannels, width, {
      kernelSize,
      stride: tripleOf(where, 'stemStride', stemStride),
      padding: [half(kernelSize[0]), half(kernelSize[1]), half(kernelSize[2])],
      bias: false,
      key: foldIn(key, 'conv1'),
      weightInit: kaimingFanOut,
    });
    const normalised: ResNetNorm = norm === 'group' ? { kind: norm, groups } : { kind: norm };
    this.bn1 = createNorm(normalised, width);
    const last = layers.reduce((sum, count) => sum + count, 0) - 1;
    let channels = width;
    let place = 0;
    const stage = (index: number): (BasicBlock3d | Bottleneck3d)[] =>
      Array.from({ length: layers[index]! }, (_, position) => {
        const built = new Block({
          inChannels: channels,
          width: width * 2 ** index,
          stride: position === 0 && index > 0 ? 2 : 1,
          shortcut,
          biasDownsample,
          norm: normalised,
          dropPath: (dropPath * place++) / Math.max(1, last),
          key: foldIn(foldIn(key, `layer${index + 1}`), position),
        });
        channels = width * 2 ** index * Block.expansion;
        return built;
      });
    this.layer1 = stage(0);
    this.layer2 = stage(1);
    this.layer3 = stage(2);
    this.layer4 = stage(3);
    this.featureDim = channels;
  }

  get stages(): readonly MapStage<VolumeStride>[] {
    const { stride, outChannels } = this.conv1;
    const times = (factor: number): VolumeStride => [stride[0] * factor, stride[1] * factor, stride[2] * factor];
    const first = this.pools ? 2 : 1;
    return [
      { stride, channels: outChannels },
      ...[8, 4, 2, 1].map((share, i) => ({ stride: times(first * 2 ** i), channels: this.featureDim / share })),
    ];
  }

  get layerCount(): number {
    return this.blocks().flat().length + 2;
  }

  layerOf(name: string): number {
    checkParameterName('ResNet3d.layerOf', this, name);
    const place = /^layer(\d)\.(\d+)\./.exec(name);
    if (place === null) return 0;
    const before = this.blocks().slice(0, Number(place[1]) - 1);
    return before.flat().length + Number(place[2]) + 1;
  }

  /** @throws ShapeError for what is no batch of volumes of the encoder's channels; InvalidOptionError for other stages */
  maps(volumes: Volumes, ctx: ForwardContext = evaluation, options: MapOptions = {}): tf.Tensor5D[] {
    const { stages = [0, 1, 2, 3, 4] } = checkOptions('ResNet3d.maps', options, mapOptionNames);
    checkAscending('ResNet3d.maps', 'stages', stages, 0, 4);
    checkVolumes('ResNet3d', volumes, this.conv1.inChannels);
    let x = this.bn1.forward(this.conv1.forward(volumes), ctx, 'relu');
    const found = stages[0] === 0 ? [x] : [];
    this.blocks()
      .slice(0, stages.at(-1))
      .forEach((stage, i) => {
        if (i === 0 && this.pools) x = tf.maxPool3d(x, 3, 2, 1);
        stage.forEach(
          (block, place) => (x = runBlock(block, x, childContext(childContext(ctx, i), place), this.checkpoints)),
        );
        if (stages.includes(i + 1)) found.push(x);
      });
    return found;
  }

  /**
   * @param volumes float32 `[batch, depth, height, width, channels]`, normalised
   * @returns `[batch, featureDim]`
   * @throws ShapeError as {@link maps}
   */
  forward(volumes: Volumes, ctx: ForwardContext = evaluation): tf.Tensor2D {
    return this.pooled(this.maps(volumes, ctx, { stages: [4] })[0]!);
  }

  pooled(map: tf.Tensor5D): tf.Tensor2D {
    return tf.mean(map, [1, 2, 3]);
  }

  protected override upgradeStateDict(state: StateEntries): void {
    upgradeR3d(state);
  }

  private blocks(): (readonly (BasicBlock3d | Bottleneck3d)[])[] {
    return [this.layer1, this.layer2, this.layer3, this.layer4];
  }
}
