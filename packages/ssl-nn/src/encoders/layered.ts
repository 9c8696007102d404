import { InvalidOptionError } from '@selfsup/ssl-tensor/host';
import type { Module } from '../module/module.js';

/**
 * A module whose parameters lie in layers, for layer-wise decay of learning rates and gradual unfreezing: 0 is the stem
 * (patches, tokens, positions, embeddings), 1 to n the blocks, `layerCount - 1` what comes after them (final norm,
 * pooler) and whatever head stands on the encoder. A module of n blocks has `layerCount = n + 2`, also where nothing of
 * its own is in the last layer.
 *
 * Source: `get_num_layer_for_vit` of microsoft/unilm's BEiT and `util/lr_decay.py` of facebookresearch/mae. timm differs
 * in the final norm alone, which it counts to the last block.
 */
export interface Layered extends Module {
  readonly layerCount: number;
  /**
   * @param name of `namedParameters()`
   * @returns 0 to `layerCount - 1`
   * @throws InvalidOptionError for a name that is not a parameter's
   */
  layerOf(name: string): number;
}

/** @throws InvalidOptionError unless `name` is one of the module's parameters */
export function checkParameterName(where: string, module: Module, name: string): void {
  if (module.namedParameters().has(name)) return;
  const advice = "Of a parameter of a larger model, leave out what stands before the encoder's own name ('backbone.')";
  throw new InvalidOptionError(where, 'name', "the name of one of the module's parameters", name, advice);
}
