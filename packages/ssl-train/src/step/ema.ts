import * as tf from '@tensorflow/tfjs-core';
import { checkOptions, InvalidOptionError, type OptionNames } from '@selfsup/ssl-tensor/host';
import type { Module } from '@selfsup/ssl-nn';
import type { Schedule } from '../schedules/schedule.js';

/** A module and the one that follows it. */
export interface EmaPair {
  readonly online: Module;
  readonly target: Module;
  /** Momentum of this pair in a training run, in [0, 1]. Default: the run's `ema.momentum`. */
  readonly momentum?: number | Schedule;
  /** What happens to the buffers of this pair. Default: that of {@link EmaOptions}. */
  readonly buffers?: EmaBuffers;
}

/**
 * What happens to buffers (running statistics): `average` as the parameters, `copy` from the online module, or `keep` what
 * the target's own forward pass made of them. Integer buffers are copied unless kept.
 */
export type EmaBuffers = 'average' | 'copy' | 'keep';

/** Options of {@link Ema}. */
export interface EmaOptions {
  /** Of the pairs that do not say it themselves. Default `average`. */
  readonly buffers?: EmaBuffers;
}

const emaOptionNames: OptionNames<EmaOptions> = {
  buffers: 'optional',
};

interface Follower {
  readonly from: tf.Variable;
  readonly to: tf.Variable;
  readonly copy: boolean;
}

/**
 * Exponential moving average of modules: `target = momentum * target + (1 - momentum) * online`, over parameters and
 * buffers of the same name.
 *
 * Source: Grill et al. 2020 (BYOL), arXiv 2006.07733, equation 1; He et al. 2019 (MoCo), arXiv 1911.05722, equation 2.
 *
 * @throws InvalidOptionError when a pair's modules do not have the same names and shapes, or share a tensor
 */
export class Ema {
  readonly #followers: readonly Follower[];

  constructor(pairs: readonly EmaPair[], options: EmaOptions = {}) {
    const { buffers: usual = 'average' } = checkOptions('Ema', options, emaOptionNames);
    checkBuffers('buffers', usual);
    if (!Array.isArray(pairs))
      throw new InvalidOptionError('Ema', 'pairs', 'an array of pairs', pairs, 'Write [{ online, target }]');
    this.#followers = (pairs as readonly EmaPair[]).flatMap(({ online, target, buffers = usual }, index) => {
      checkBuffers(`pairs[${index}].buffers`, buffers);
      const parameters = match(`pairs[${index}]`, online.namedParameters(), target.namedParameters());
      const statistics = match(`pairs[${index}]`, online.namedBuffers(), target.namedBuffers());
      return [
        ...parameters.map(([from, to]) => ({ from, to, copy: false })),
        ...(buffers === 'keep'
          ? []
          : statistics.map(([from, to]) => ({ from, to, copy: buffers === 'copy' || from.dtype !== 'float32' }))),
      ];
    });
  }

  /** Makes every target equal to its online module, as methods do at the start. Runs eagerly. */
  synchronise(): void {
    for (const { from, to } of this.#followers) tf.tidy(() => to.assign(tf.clone(from)));
  }

  /**
   * One update. Runs eagerly or inside `compile()`; assigns the targets' variables.
   *
   * @param momentum float32 scalar in [0, 1]
   */
  update(momentum: tf.Scalar): void {
    tf.tidy(() => {
      const share = tf.sub(1, momentum);
      for (const { from, to, copy } of this.#followers) {
        to.assign(copy ? tf.clone(from) : tf.add(tf.mul(to, momentum), tf.mul(from, share)));
      }
    });
  }
}

function checkBuffers(option: string, buffers: unknown): void {
  if (buffers !== 'average' && buffers !== 'copy' && buffers !== 'keep')
    throw new InvalidOptionError('Ema', option, "'average', 'copy' or 'keep'", buffers);
}

type Named = ReadonlyMap<string, { readonly variable: tf.Variable }>;

function match(where: string, online: Named, target: Named): (readonly [tf.Variable, tf.Variable])[] {
  const stray = [...target.keys()].find((name) => !online.has(name));
  if (stray !== undefined)
    throw new InvalidOptionError(
      'Ema',
      `${where}.target`,
      'a module with the names of its online module',
      `'${stray}' in the target alone`,
    );
  return [...online].map(([name, { variable: from }]) => {
    const to = target.get(name)?.variable;
    if (to === undefined)
      throw new InvalidOptionError(
        'Ema',
        `${where}.target`,
        'a module with the names of its online module',
        `no '${name}'`,
      );
    if (to === from)
      throw new InvalidOptionError(
        'Ema',
        `${where}.target`,
        'a module with tensors of its own',
        `'${name}' shared with the online module`,
      );
    if (!tf.util.arraysEqual(to.shape, from.shape) || to.dtype !== from.dtype) {
      throw new InvalidOptionError(
        'Ema',
        `${where}.target`,
        `'${name}' as ${from.dtype} [${from.shape.join(', ')}]`,
        `${to.dtype} [${to.shape.join(', ')}]`,
      );
    }
    return [from, to] as const;
  });
}
