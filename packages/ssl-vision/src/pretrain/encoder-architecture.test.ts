import '@tensorflow/tfjs-backend-cpu';
import { shapesOnly } from '@selfsup/ssl-nn';
import { InvalidOptionError, randomKey } from '@selfsup/ssl-tensor';
import { expect, it } from 'vitest';
import * as exported from '../index.js';
import { buildEncoder, chooseArchitecture } from './encoder-architecture.js';

const names = Object.keys(exported.backbones) as exported.BackboneName[];
const key = randomKey(0);

it.each(names)('%s is built from what a file says, by an exported name', (name) => {
  for (const size of [56, 224]) {
    const architecture = JSON.parse(JSON.stringify(chooseArchitecture(name, 'simclr', size, 1))) as ReturnType<
      typeof chooseArchitecture
    >;
    expect(Object.keys(exported)).toContain(architecture.builder);
    const [encoder, registered] = shapesOnly(() => [
      buildEncoder(architecture, key),
      exported.createBackbone(name, { key, imageSize: size, inChannels: 1 }),
    ]);
    expect(encoder!.featureDim).toBe(registered!.featureDim);
    expect(encoder!.parameterCount()).toBe(registered!.parameterCount());
    encoder!.dispose();
    registered!.dispose();
  }
});

it('MAE trains vision transformers alone, without what its model does not have', () => {
  expect(chooseArchitecture('vit-giant', 'mae', 224, 3).options).toMatchObject({ dim: 1408, depth: 40, patchSize: 14 });
  for (const name of ['resnet18', 'swin-tiny', 'convnext-tiny', 'dinov2-small'] as const)
    expect(() => chooseArchitecture(name, 'mae', 224, 3)).toThrow(InvalidOptionError);
});

it('methods of maps train encoders whose features are their mean, and name them', () => {
  for (const method of ['densecl', 'vicregl'] as const) {
    expect(chooseArchitecture('resnet50', method, 64, 3).builder).toBe('resnet50');
    expect(() => chooseArchitecture('vit-tiny', method, 64, 3)).toThrow(
      /one of small-conv, resnet18, .*'(?:densecl|vicregl)'/,
    );
  }
});
