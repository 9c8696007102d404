import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { shapesOnly, training, twinOf } from '@selfsup/ssl-nn';
import type { Encoder, Layered, MapEncoder, TokenEncoder } from '@selfsup/ssl-nn';
import { compile, exportOnnx, InvalidOptionError, randomKey, ShapeError } from '@selfsup/ssl-tensor';
import { describe, expect, it } from 'vitest';
import { ConvNeXt } from './convnext/convnext.js';
import { EfficientNet } from './mobile/efficientnet.js';
import { MobileNetV3 } from './mobile/mobilenet-v3.js';
import { backbones, createBackbone, type BackboneName } from './registry.js';
import { ResNet, type ResNetOptions } from './resnet/resnet.js';
import { SmallConvEncoder } from './small-conv-encoder.js';
import { ResNet3d } from './resnet3d/resnet3d.js';
import type { ResNet3dOptions } from './resnet3d/resnet3d-options.js';
import { SwinTransformer } from './swin/swin-transformer.js';
import type { VisionTransformerOptions } from './vision-transformer/vision-transformer-options.js';
import { VisionTransformer } from './vision-transformer/vision-transformer.js';
import { VisionTransformer3d, type VisionTransformer3dOptions } from './vit3d/vision-transformer3d.js';
import { volumeBackbones, type VolumeBackboneName } from './volume-registry.js';

const key = randomKey(4);
const resnet = (block: ResNetOptions['block'], layers: ResNetOptions['layers'], more: Partial<ResNetOptions> = {}) =>
  new ResNet({ key, stem: 'cifar', width: block === 'basic' ? 2 : 1, block, layers, ...more });
const vit = (more: Partial<VisionTransformerOptions> = {}) =>
  new VisionTransformer({ key, imageSize: 8, patchSize: 4, dim: 12, depth: 2, heads: 3, ...more });
const dinoV2 = (more: Partial<VisionTransformerOptions> = {}) => vit({ layerScale: 0.1, registers: 2, ...more });
const convNeXt = (depths: [number, number, number, number]) =>
  new ConvNeXt({ key, depths, dims: [4, 4, 6, 6], patchSize: 1, layerScale: 0.1 });
const swin = (depths: number[]) =>
  new SwinTransformer({ key, imageSize: 8, patchSize: 1, dim: 4, depths, heads: [2, 2], window: 3 });
const mobileNet = (squeeze: boolean) =>
  new MobileNetV3({
    key,
    stem: 'cifar',
    stemChannels: 8,
    blocks: [
      { kernelSize: 3, expanded: 8, out: 8, squeeze, activation: 'relu', stride: 1 },
      { kernelSize: 5, expanded: 16, out: 8, squeeze: true, activation: 'hardSwish', stride: 2 },
    ],
  });
const efficientNet = (blocks: number) =>
  new EfficientNet({
    key,
    stem: 'cifar',
    stemChannels: 8,
    stages: [
      { expansion: 1, kernelSize: 3, stride: 1, out: 8, blocks: 1 },
      { expansion: 2, kernelSize: 5, stride: 2, out: 8, blocks },
    ],
  });

const resnet3d = (
  block: ResNet3dOptions['block'],
  layers: ResNet3dOptions['layers'],
  more: Partial<ResNet3dOptions> = {},
) => new ResNet3d({ key, stemKernel: 3, stemPool: false, width: block === 'basic' ? 2 : 1, block, layers, ...more });
const vit3d = (more: Partial<VisionTransformer3dOptions> = {}) =>
  new VisionTransformer3d({ key, volumeSize: 8, patchSize: 4, dim: 12, depth: 2, heads: 3, ...more });

/** Each registered name at a size that eager TF.js trains in a moment; the full ones differ in width and depth alone. */
const reduced: Record<BackboneName | VolumeBackboneName, () => Encoder & Layered> = {
  'small-conv': () => new SmallConvEncoder({ key, inChannels: 3, channels: [4, 8], strides: [1, 2] }),
  resnet18: () => resnet('basic', [2, 2, 2, 2]),
  resnet34: () => resnet('basic', [2, 1, 2, 1]),
  resnet50: () => resnet('bottleneck', [1, 2, 1, 1]),
  resnet101: () => resnet('bottleneck', [1, 1, 2, 1]),
  'wide-resnet50': () => resnet('bottleneck', [1, 1, 1, 1], { innerWidth: 2 }),
  'wide-resnet101': () => resnet('bottleneck', [1, 1, 2, 1], { innerWidth: 2, norm: 'group', groups: 1 }),
  'vit-micro': () => vit({ heads: 1 }),
  'vit-tiny': () => vit(),
  'vit-small': () => vit({ depth: 1, heads: 2, pool: 'mean' }),
  'vit-base': () => vit({ heads: 4, pool: 'both' }),
  'vit-large': () => vit({ depth: 3 }),
  'vit-huge': () => vit({ depth: 1, heads: 4 }),
  'vit-giant': () => vit({ mlpRatio: 48 / 11 }),
  'dinov2-small': () => dinoV2(),
  'dinov2-base': () => dinoV2({ registers: 0 }),
  'dinov2-large': () => dinoV2({ pool: 'both' }),
  'dinov2-giant': () => dinoV2({ mlp: 'swiglu-packed', mlpHidden: 16 }),
  'convnext-tiny': () => convNeXt([1, 1, 1, 1]),
  'convnext-small': () => convNeXt([1, 1, 2, 1]),
  'swin-tiny': () => swin([2, 1]),
  'swin-small': () => swin([1, 2]),
  'swin-base': () => swin([2, 2]),
  'mobilenet-v3-small': () => mobileNet(true),
  'mobilenet-v3-large': () => mobileNet(false),
  'efficientnet-b0': () => efficientNet(1),
  'efficientnet-b1': () => efficientNet(2),
  'efficientnet-b2': () => efficientNet(1),
  'efficientnet-b3': () => efficientNet(2),
  'resnet3d-10': () => resnet3d('basic', [1, 1, 1, 1]),
  'resnet3d-18': () => resnet3d('basic', [2, 1, 1, 2], { shortcut: 'A' }),
  'resnet3d-34': () => resnet3d('basic', [1, 1, 2, 1], { stemPool: true, norm: 'group', groups: 1 }),
  'resnet3d-50': () => resnet3d('bottleneck', [1, 1, 1, 1], { biasDownsample: false, norm: 'group', groups: 1 }),
  'vit3d-tiny': () => vit3d(),
  'vit3d-small': () => vit3d({ depth: 1, heads: 2, pool: 'cls', qkvBias: true }),
  'vit3d-base': () => vit3d({ positions: 'sinCos', heads: 4 }),
};

interface Pictures {
  readonly images: tf.Tensor4D;
  /** Of other sides; the same where an encoder takes one size. */
  readonly wider: tf.Tensor4D;
}

const pictures: Pictures = {
  images: tf.randomNormal([6, 8, 8, 3], 0, 1, 'float32', 3),
  wider: tf.randomNormal([2, 12, 16, 3], 0, 1, 'float32', 4),
};
const volumesOf = (name: string): Pictures => {
  // What methods hand on is typed as images: see Volumes.
  const filled = (shape: number[]): tf.Tensor4D =>
    tf.randomNormal(shape as [number], 0, 1, 'float32', 3) as tf.Tensor as tf.Tensor4D;
  const images = filled([6, 8, 8, 8, 1]);
  return {
    images,
    wider: name.startsWith('vit3d') ? tf.slice(images, [0], [2]) : filled([2, 12, 8, 10, 1]),
  };
};
const picturesOf = (name: string): Pictures => (Object.hasOwn(volumeBackbones, name) ? volumesOf(name) : pictures);
const isMapEncoder = (encoder: Encoder): encoder is Encoder & MapEncoder => 'maps' in encoder;

const variablesOf = (encoder: Encoder): tf.Variable[] =>
  [...encoder.namedParameters().values()].map(({ variable }) => variable);

/** Loss towards features that the images' own order tells apart, and its gradients. */
function lossAndGradients(encoder: Encoder, images: tf.Tensor4D): { value: tf.Scalar; grads: tf.NamedTensorMap } {
  const target = tf.reshape(tf.range(0, 6), [6, 1]);
  const loss = (): tf.Scalar => {
    const features = encoder.forward(images, training);
    // Not the mean, which a normalisation at the end would fix.
    const weights = tf.cos(tf.range(0, features.shape[1]));
    return tf.mean(tf.squaredDifference(tf.mean(tf.mul(features, weights), 1, true), target));
  };
  return tf.variableGrads(loss, variablesOf(encoder));
}

/** One step of gradient descent; returns the loss before it. */
function step(encoder: Encoder, images: tf.Tensor4D, rate: number): number {
  const { value, grads } = lossAndGradients(encoder, images);
  for (const variable of variablesOf(encoder))
    tf.tidy(() => variable.assign(tf.sub(variable, tf.mul(grads[variable.name]!, rate))));
  return value.dataSync()[0]!;
}

function expectClose(actual: tf.Tensor, expected: tf.Tensor, tolerance = 1e-5): void {
  expect(actual.shape).toEqual(expected.shape);
  const scale = Math.max(1, tf.max(tf.abs(expected)).dataSync()[0]!);
  expect(tf.max(tf.abs(tf.sub(actual, expected))).dataSync()[0]!).toBeLessThan(tolerance * scale);
}

describe.each(Object.entries(reduced))('registered backbone %s', (name, build) => {
  const { images, wider } = picturesOf(name);

  it('has features of its featureDim at two sizes of picture and leaks no tensor', () => {
    const encoder = build();
    const before = tf.memory().numTensors;
    for (const batch of [images, wider]) {
      const features = tf.tidy(() => encoder.forward(batch));
      expect(features.shape).toEqual([batch.shape[0], encoder.featureDim]);
      features.dispose();
    }
    expect(tf.memory().numTensors).toBe(before);
  });

  it('learns: a gradient reaches every parameter, and steps lower the loss', () => {
    const encoder = build();
    const { grads } = lossAndGradients(encoder, images);
    const still = [...encoder.namedParameters()]
      .filter(([, { variable }]) => !(tf.max(tf.abs(grads[variable.name]!)).dataSync()[0]! > 0))
      .map(([name]) => name);
    expect(still).toEqual([]);
    const losses = Array.from({ length: 4 }, () => step(encoder, images, 0.005));
    expect(losses.at(-1)).toBeLessThan(losses[0]!);
  });

  it('computes the same compiled: features, gradients and statistics', async () => {
    const [eager, compiled] = [build(), build()];
    compiled.loadStateDict(eager.stateDict());
    const expected = lossAndGradients(eager, images);
    const actual = await compile(() => lossAndGradients(compiled, images))();
    expectClose(actual.value, expected.value, 1e-4);
    const [own, other] = [variablesOf(compiled), variablesOf(eager)];
    own.forEach(({ name }, i) => expectClose(actual.grads[name]!, expected.grads[other[i]!.name]!, 1e-3));
    expectClose(await compile(() => compiled.forward(wider))(), eager.forward(wider), 1e-4);
  });

  it('gives equal outputs after its state went to another instance, and a twin of its own', () => {
    const encoder = build();
    step(encoder, images, 0.05);
    const features = encoder.forward(images).dataSync();
    const other = build();
    expect(other.forward(images).dataSync()).not.toEqual(features);
    expect(other.loadStateDict(encoder.stateDict())).toMatchObject({ missing: [], unexpected: [], ignored: new Map() });
    expect(other.forward(images).dataSync()).toEqual(features);
    expect([...other.stateDict().keys()]).toEqual([...encoder.stateDict().keys()]);
    const twin = twinOf(encoder);
    expect(twin.forward(images).dataSync()).toEqual(features);
    step(twin, images, 0.05);
    expect(encoder.forward(images).dataSync()).toEqual(features);
  });

  it('has a layer for every parameter, ascending in the order of the forward pass', () => {
    const encoder = build();
    const layers = [...encoder.namedParameters().keys()].map((name) => encoder.layerOf(name));
    expect(layers).toEqual(layers.toSorted((a, b) => a - b));
    expect(layers[0]).toBe(0);
    expect(layers.at(-1)).toBeLessThan(encoder.layerCount);
    expect(() => encoder.layerOf('head.fc.weight')).toThrow(InvalidOptionError);
  });

  it('makes the features of its last map or tokens, in one pass', () => {
    for (const ctx of [undefined, training]) {
      const [expected, encoder] = [build(), build()] as [Encoder, Encoder & Partial<MapEncoder & TokenEncoder>];
      const features = expected.forward(images, ctx);
      const own = isMapEncoder(encoder)
        ? encoder.pooled!(encoder.maps(images, ctx).at(-1)!, ctx)
        : (encoder as Encoder & TokenEncoder).pooled!((encoder as Encoder & TokenEncoder).encode(images, ctx));
      expectClose(own, features);
      const statistics = (of: Encoder): unknown =>
        [...of.namedBuffers().values()].map(({ variable }) => variable.dataSync());
      expect(statistics(encoder)).toEqual(statistics(expected));
    }
  });

  it('has maps of its stages, if any', () => {
    const encoder = build();
    if (!isMapEncoder(encoder)) return;
    const maps = encoder.maps(wider);
    const sides = (wider.shape as number[]).slice(1, -1);
    expect(maps.map(({ shape }) => shape)).toEqual(
      encoder.stages.map(({ stride, channels }) => {
        const round = encoder instanceof ConvNeXt ? Math.floor : Math.ceil;
        return [2, ...sides.map((side, axis) => round(side / ([stride].flat()[axis] ?? stride))), channels];
      }),
    );
    const last = encoder.stages.length - 1;
    const [only] = encoder.maps(wider, undefined, { stages: [last] });
    expectClose(only!, maps[last]!);
    for (const stages of [[], [last + 1], [1, 0]])
      expect(() => encoder.maps(wider, undefined, { stages })).toThrow(InvalidOptionError);
  });

  it('is written as ONNX for batches of any size', async () => {
    const file = await exportOnnx(build(), [wider], { inputNames: ['images'], outputNames: ['features'] });
    expect(file.length).toBeGreaterThan(1000);
  });

  it('refuses pictures that do not fit', () => {
    const encoder = build();
    const isOfVolumes = Object.hasOwn(volumeBackbones, name);
    const refused: [string, number[]][] = [
      ['channels first', isOfVolumes ? [2, 1, 8, 8, 8] : [1, 3, 8, 8]],
      ['another number of channels', isOfVolumes ? [1, 8, 8, 8, 4] : [1, 8, 8, 4]],
      ['no batch', isOfVolumes ? [8, 8, 8, 1] : [8, 8, 3]],
      [isOfVolumes ? 'images' : 'volumes', isOfVolumes ? [2, 8, 8, 1] : [1, 8, 8, 8, 3]],
      ...(encoder instanceof VisionTransformer3d
        ? ([
            ['parts of patches', [1, 8, 10, 8, 1]],
            ['another size', [1, 8, 12, 8, 1]],
          ] as [string, number[]][])
        : []),
      ...(encoder instanceof VisionTransformer ? ([['parts of patches', [1, 8, 10, 3]]] as [string, number[]][]) : []),
      ...(encoder instanceof ConvNeXt ? ([['too small', [1, 4, 8, 3]]] as [string, number[]][]) : []),
    ];
    for (const [, shape] of refused)
      expect(() => encoder.forward(tf.zeros(shape as [number]) as tf.Tensor as tf.Tensor4D)).toThrow(ShapeError);
    const other = tf.zeros(isOfVolumes ? [2, 8, 8, 1] : ([1, 8, 8, 8, 3] as never)) as tf.Tensor as tf.Tensor4D;
    expect(() => encoder.forward(other)).toThrow(isOfVolumes ? ', as images have' : ', as volumes have');
    expect(() => encoder.forward('cat.png' as unknown as tf.Tensor4D)).toThrow(ShapeError);
  });
});

describe('createBackbone', () => {
  it('covers every registered name in this test', () => {
    expect(Object.keys(reduced).sort()).toEqual([...Object.keys(backbones), ...Object.keys(volumeBackbones)].sort());
  });

  it('fits stem and patches to the size of the images', () => {
    const small = createBackbone('resnet18', { key, imageSize: 32, inChannels: 1 });
    expect([...small.namedParameters().get('conv1.weight')!.referenceShape]).toEqual([64, 1, 3, 3]);
    const vitTiny = createBackbone('vit-tiny', { key, imageSize: 32, inChannels: 3 });
    expect([...vitTiny.namedParameters().get('pos_embed')!.referenceShape]).toEqual([1, 65, 192]);
    const mobile = createBackbone('mobilenet-v3-small', { key, imageSize: 32, inChannels: 1 }) as MobileNetV3;
    expect(mobile.stages.at(-1)).toEqual({ stride: 16, channels: 96 });
    expect(() => createBackbone('dinov2-small', { key, imageSize: 32, inChannels: 3 })).toThrow('patchSize 14');
  });

  it('fits stem and patches to the size of the volumes', () => {
    const stem = (imageSize: number): number[] => {
      const encoder = shapesOnly(() => createBackbone('resnet3d-18', { key, imageSize, inChannels: 2 }));
      return [...encoder.namedParameters().get('conv1.weight')!.referenceShape];
    };
    expect(stem(32)).toEqual([64, 2, 3, 3, 3]);
    expect(stem(64)).toEqual([64, 2, 7, 7, 7]);
    const patches = (imageSize: number): number => {
      const encoder = shapesOnly(() => createBackbone('vit3d-tiny', { key, imageSize, inChannels: 1 }));
      return encoder.namedParameters().get('patch_embedding.position_embeddings')!.referenceShape[1]!;
    };
    expect([16, 32, 96].map(patches)).toEqual([64, 64, 216]);
    expect(() => createBackbone('vit3d-tiny', { key, imageSize: 30, inChannels: 1 })).toThrow('patchSize 8');
  });

  it('names the backbones there are', () => {
    expect(() => createBackbone('resnet19', { key, imageSize: 32, inChannels: 3 })).toThrow(InvalidOptionError);
    expect(() => createBackbone('toString', { key, imageSize: 32, inChannels: 3 })).toThrow('small-conv, resnet18');
  });
});
