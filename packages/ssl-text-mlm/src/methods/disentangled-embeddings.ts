import type { Module, Parameter, StateDict } from '@selfsup/ssl-nn';
import { InvalidOptionError } from '@selfsup/ssl-tensor/host';
import * as tf from '@tensorflow/tfjs-core';
import type { TextModel } from '../models/text-model.js';

/** Word embeddings that are differences: what a second method takes has been trained and is left as it is. */
const differences = new WeakSet<Parameter>();

/**
 * The word embeddings of two encoders.
 *
 * @throws InvalidOptionError where one does not tell its own
 */
export function wordParameters(where: string, generator: TextModel, discriminator: TextModel): [Parameter, Parameter] {
  const [first, second] = [generator.wordEmbeddings, discriminator.wordEmbeddings];
  if (first === undefined || second === undefined)
    throw new InvalidOptionError(
      where,
      'sharing',
      "'none' for encoders that do not tell their word embedding (wordEmbeddings)",
      first === undefined ? generator.baseName : discriminator.baseName,
    );
  return [first.weight, second.weight];
}

/**
 * Makes the discriminator's word embedding the difference from the generator's: 0 at first.
 *
 * @throws InvalidOptionError where they are one, or of other widths, or the discriminator reads no `inputsEmbeds`
 */
export function disentangle(where: string, generator: TextModel, discriminator: TextModel): void {
  const [shared, own] = wordParameters(where, generator, discriminator);
  const wanted = `a discriminator with a word embedding of its own, [${shared.variable.shape.join(', ')}], for 'gradient-disentangled'`;
  if (shared === own)
    throw new InvalidOptionError(
      where,
      'discriminator',
      wanted,
      "one with the generator's",
      'Make it without embeddings',
    );
  if (shared.variable.shape.join() !== own.variable.shape.join())
    throw new InvalidOptionError(where, 'discriminator', wanted, `one of [${own.variable.shape.join(', ')}]`);
  if (discriminator.readsInputsEmbeds !== true)
    throw new InvalidOptionError(
      where,
      'sharing',
      "'none' or 'tied' for a discriminator that does not read inputsEmbeds",
      'gradient-disentangled',
    );
  if (differences.has(own)) return;
  differences.add(own);
  tf.tidy(() => own.variable.assign(tf.zerosLike(own.variable)));
}

/** A discriminator's state, with the sum of shared embedding and difference as its word embedding. */
export function disentangledState(
  generator: TextModel,
  discriminator: Module & { readonly encoder: TextModel },
): StateDict {
  const state = discriminator.stateDict();
  const own = discriminator.encoder.wordEmbeddings!.weight;
  const shared = generator.wordEmbeddings!.weight.read().data;
  const name = [...discriminator.namedParameters()].find(([, parameter]) => parameter === own)![0];
  const { data, shape } = state.get(name)!;
  return state.set(name, { data: Float32Array.from(data, (value, index) => value + shared[index]!), shape });
}
