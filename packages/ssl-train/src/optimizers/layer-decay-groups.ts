import type * as tf from '@tensorflow/tfjs-core';
import type { Layered } from '@selfsup/ssl-nn';
import { checkOptions, InvalidOptionError, type OptionNames } from '@selfsup/ssl-tensor/host';
import { checkNumber } from '@selfsup/ssl-core';
import type { Schedule } from '../schedules/schedule.js';
import { checkNamed, checkScheduled, namedVariable, type ParameterGroup } from './parameter-group.js';

/** Options of {@link layerDecayGroups}. */
export interface LayerDecayOptions {
  /** Factor on the learning rate from a layer to the one before it, in [0, 1]: 0.75 in MAE's fine-tuning of ViT-B. */
  readonly decay: number;
  /** Weight decay of all groups, in place of the optimiser's. The optimiser's `decayFilter` holds in either case. */
  readonly weightDecay?: number | Schedule;
}

const layerDecayOptionNames: OptionNames<LayerDecayOptions> = { decay: 'requiredNumber', weightDecay: 'optional' };

/**
 * Groups with learning rates that fall from the head down to the stem: `decay ** (layerCount - 1 - layer)`, a group per
 * layer, ascending. What is not of `layers`, such as a head, is counted to the last layer, whose factor is 1.
 *
 * Parameters are known by what they are and not by their names, so that prefixes such as `backbone.` do not matter.
 *
 * Source: `LayerDecayValueAssigner` of microsoft/unilm's BEiT; `util/lr_decay.py` of facebookresearch/mae; timm's
 * `param_groups_layer_decay`, which counts the final norm to the last block instead.
 *
 * @param parameters by full name, such as `method.trainable()`
 * @param layers the encoder among them
 * @throws InvalidOptionError for options out of range, and when no parameter is one of `layers`
 */
export function layerDecayGroups(
  parameters: ParameterGroup['parameters'],
  layers: Layered,
  options: LayerDecayOptions,
): readonly ParameterGroup[] {
  const where = 'layerDecayGroups';
  const { decay, weightDecay } = checkOptions(where, options, layerDecayOptionNames);
  checkNumber(where, 'decay', decay, 0, 1);
  if (weightDecay !== undefined) checkScheduled(where, 'weightDecay', weightDecay);
  checkNamed(where, 'parameters', parameters);
  if (typeof (layers as Partial<Layered> | undefined)?.layerOf !== 'function')
    throw new InvalidOptionError(where, 'layers', 'a module with layerCount and layerOf(name)', layers);
  const ownLayers = new Map<tf.Variable, number>();
  for (const [name, { variable }] of layers.namedParameters()) ownLayers.set(variable, layers.layerOf(name));
  const last = layers.layerCount - 1;
  // Pairs and not Maps: of a name that comes twice the optimiser tells, where a Map would drop the first.
  const byLayer = Array.from({ length: layers.layerCount }, (): [string, { variable: tf.Variable }][] => []);
  let found = 0;
  for (const entry of parameters) {
    const [name, variable] = namedVariable(where, 'parameters', entry);
    const layer = ownLayers.get(variable);
    if (layer !== undefined) found++;
    byLayer[layer ?? last]!.push([name, { variable }]);
  }
  if (found === 0) {
    const advice = 'Give the encoder that is trained itself, not a copy of it or another one';
    throw new InvalidOptionError(where, 'layers', 'the module of some of the parameters', 'none of them', advice);
  }
  return byLayer.flatMap((pairs, layer) => {
    if (pairs.length === 0) return [];
    const group = { parameters: pairs, learningRateScale: decay ** (last - layer) };
    return [weightDecay === undefined ? group : { ...group, weightDecay }];
  });
}
