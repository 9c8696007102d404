import { describe } from 'vitest';
import * as tf from '@tensorflow/tfjs-core';
import { Linear, shapesOnly, summary } from '@selfsup/ssl-nn';
import { ConvNeXt, createBackbone, ResNet, SwinTransformer, VisionTransformer } from '@selfsup/ssl-vision';
import { key } from './fixtures.js';
import { testMistakes, js, type Mistake } from './mistake.js';

const resnet = { key, block: 'basic', layers: [1, 1, 1, 1], width: 4 } as const;
const swin = { key, imageSize: 28, patchSize: 2, dim: 4, depths: [1], heads: [2] } as const;
const convNeXt = { key, depths: [1, 1, 1, 1], dims: [4, 4, 4, 4] } as const;
const vit = { key, imageSize: 8, patchSize: 4, dim: 4, depth: 1, heads: 1 } as const;
const picture = (side: number): tf.Tensor4D => tf.zeros([1, side, side, 3]);

const encoders: readonly Mistake[] = [
  {
    title: 'a small picture for strides of 32',
    code: () => new ConvNeXt(convNeXt).forward(picture(28)),
    error: 'ShapeError',
    message: /ConvNeXt: images must be .* sides of at least 32; for smaller pictures build it with a smaller patchSize/,
    cure: () => new ConvNeXt({ ...convNeXt, patchSize: 2 }).forward(picture(28)),
  },
  {
    title: 'part of a patch',
    code: () => new SwinTransformer(swin).forward(picture(29)),
    error: 'ShapeError',
    message: /multiples of 2, such as height 28 or 30 and width 28 or 30/,
    cure: () => new SwinTransformer(swin).forward(picture(30)),
  },
  {
    title: 'a size in words',
    code: () => new SwinTransformer(js({ ...swin, imageSize: '28' })),
    error: 'InvalidOptionError',
    message: /SwinTransformer: imageSize must be the side of the images, or \[height, width\], got '28'/,
    cure: () => new SwinTransformer({ ...swin, imageSize: [28, 28] }),
  },
  {
    title: 'no size',
    code: () => new VisionTransformer(js({ ...vit, imageSize: null })),
    error: 'InvalidOptionError',
    message: /VisionTransformer: imageSize must be the side of the images, or \[height, width\], got null/,
  },
  {
    title: 'three stages',
    code: () => new ResNet(js({ ...resnet, layers: [1, 1, 1] })),
    error: 'InvalidOptionError',
    message: /ResNet: layers must be four positive integers, one for each stage/,
    cure: () => new ResNet({ ...resnet, layers: [1, 1, 1, 1] }),
  },
  {
    title: 'a wide bottleneck of basic blocks',
    code: () => new ResNet({ ...resnet, innerWidth: 2 }),
    error: 'InvalidOptionError',
    message: /innerWidth must be 1 with block 'basic', got 2\. Take width for a wider network of basic blocks/,
    cure: () => new ResNet({ ...resnet, width: 8 }),
  },
  {
    title: 'frozen statistics that start at 0',
    code: () => new ResNet({ ...resnet, norm: 'frozen', zeroInitResidual: true }),
    error: 'InvalidOptionError',
    message: /zeroInitResidual must be false with norm 'frozen'.* leave zeroInitResidual out/,
    cure: () => new ResNet({ ...resnet, norm: 'frozen' }),
  },
  {
    title: 'more groups than channels',
    code: () => new ResNet({ ...resnet, norm: 'group' }),
    error: 'InvalidOptionError',
    message: /GroupNorm: groups must be a divisor of the 4 features, got 32/,
    cure: () => new ResNet({ ...resnet, norm: 'group', groups: 2 }),
  },
  {
    title: 'another name of a backbone',
    code: () => createBackbone('swin_tiny_patch4_window7_224', { key, imageSize: 32, inChannels: 3 }),
    error: 'InvalidOptionError',
    message: /createBackbone: name must be one of .*swin-tiny/,
    cure: () => shapesOnly(() => createBackbone('swin-tiny', { key, imageSize: 32, inChannels: 3 })).dispose(),
  },
  {
    title: 'the summary of a class',
    code: () => summary(js(ResNet), [1, 32, 32, 3]),
    error: 'InvalidOptionError',
    message: /summary: model must be a Module with forward\(x\), or what builds one.*Such as summary\(\(\) => resnet18/,
    cure: () => summary(() => new ResNet(resnet), [1, 32, 32, 3]),
  },
  {
    title: 'a summary without a batch',
    code: () => summary(new ResNet(resnet), [32, 32, 3]),
    error: 'ShapeError',
    message: /\[batch, height, width, 3\]/,
    cure: () => summary(new ResNet(resnet), [1, 32, 32, 3]),
  },
  {
    title: 'a shape for a builder of shapes',
    code: () => shapesOnly(js(new Linear(2, 2, { key }))),
    error: 'InvalidOptionError',
    message:
      /shapesOnly: build must be a function that builds the module.*Write shapesOnly\(\(\) => resnet18\(\{ key \}\)\)/,
    cure: () => shapesOnly(() => new Linear(2, 2, { key })),
  },
];

describe('encoders', () => {
  testMistakes(encoders);
});
