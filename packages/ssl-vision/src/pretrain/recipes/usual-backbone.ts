import type { BackboneName } from '../../encoders/registry.js';
import type { Reasoned } from './recipe.js';

/** A convolutional encoder by the size of the pictures: of methods that train any. */
export const convolutionalBackbone = (imageSize: number): Reasoned<BackboneName> => ({
  value: imageSize <= 32 ? 'small-conv' : 'resnet18',
  why: `for pictures of ${imageSize} pixels`,
});

/** A transformer by the size of the pictures: of methods that mask patches. */
export const transformerBackbone = (imageSize: number): Reasoned<BackboneName> => ({
  value: imageSize <= 32 ? 'vit-micro' : 'vit-tiny',
  why: `for pictures of ${imageSize} pixels`,
});
