import * as tf from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { InvalidOptionError } from '@selfsup/ssl-core';
import { type DropoutLayer, isDropout, layersWithin } from '../backend/tfjs-internals.js';
import { foldInKey, randomUniform, type TensorKey } from '../ops/random-uniform.js';

type Layer = LayersModel['layers'][number];

/** Dropout layers of a model and of the models inside it, in their order. */
function dropoutsOf(model: { readonly layers: readonly Layer[] }): DropoutLayer[] {
  return model.layers.flatMap((layer) => {
    const layers = layersWithin(layer);
    if (layers !== undefined) return dropoutsOf({ layers });
    return isDropout(layer) ? [layer] : [];
  });
}

/**
 * Lets the dropout layers of a tf.layers model (`dropout`, `spatialDropout1d`) draw from an explicit key, so that the
 * model can be trained inside compile(): TF.js draws them on the host, which a graph cannot repeat. After it, training
 * takes the key of the step, `model.apply(x, { training: true, key })`, and gives the same numbers eagerly and compiled;
 * each layer folds its place among the model's dropout layers into the key. Inference is as before.
 *
 * @param model changed in place
 * @returns the model
 * @throws InvalidOptionError from `apply`, where `training` is true and there is no `key` (int32 `[2]`)
 */
export function keyedDropout<M extends LayersModel>(model: M): M {
  dropoutsOf(model).forEach((layer, index) => {
    const infer = layer.call.bind(layer);
    layer.call = (inputs, kwargs: Readonly<Record<string, unknown>>) => {
      if (kwargs['training'] !== true || !(layer.rate > 0 && layer.rate < 1)) return infer(inputs, kwargs);
      const key = kwargs['key'];
      if (!(key instanceof tf.Tensor))
        throw new InvalidOptionError(
          `keyedDropout, layer '${layer.name}'`,
          'key',
          'the key of the step: model.apply(x, { training: true, key })',
          key,
        );
      return tf.tidy(() => {
        const x = Array.isArray(inputs) ? inputs[0]! : inputs;
        const shape = layer.getNoiseShape(x) ?? x.shape;
        const kept = tf.greaterEqual(randomUniform(foldInKey(key as TensorKey, index), shape), layer.rate);
        return tf.mul(x, tf.div(tf.cast(kept, 'float32'), 1 - layer.rate));
      });
    };
  });
  return model;
}
