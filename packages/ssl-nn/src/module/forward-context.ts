import type * as tf from '@tensorflow/tfjs-core';
import { type Collective, foldInKey } from '@selfsup/ssl-tensor';
import { checkOptions, foldIn, InvalidOptionError, type OptionNames } from '@selfsup/ssl-tensor/host';

/** What a forward pass is for. Passed explicitly; modules have no hidden mode. */
export interface ForwardContext {
  /** True: dropout draws, batch normalisation uses and records the batch's statistics. */
  readonly training: boolean;
  /** Random key of this pass, int32 `[2]`. Needed where a layer draws. */
  readonly key?: tf.Tensor1D;
  /** Where in the module tree this context is used, as a number; see {@link childContext}. */
  readonly salt?: number;
  /** The processes that train together: batch statistics and negatives of all of them. Default: this one alone. */
  readonly ranks?: Collective;
}

/** What a training method's context has beside; layers do not look at it. */
interface MethodContext {
  readonly values?: unknown;
  readonly phase?: string;
}

/** Context of inference; the default of every `forward`. */
export const evaluation: ForwardContext = { training: false };

/** Context of training without random layers; `{ ...training, key }` for those with. */
export const training: ForwardContext = { training: true };

/**
 * @throws InvalidOptionError for what is no context: with `true`, or a misspelt `training`, layers would run as in
 *   inference and say nothing
 */
export function checkContext(where: string, ctx: ForwardContext): void {
  // Their forms are right, and most calls have one of them.
  if (ctx === evaluation || ctx === training) return;
  checkOptions(where, ctx, contextNames, 'ctx');
  if (typeof ctx.training !== 'boolean')
    throw new InvalidOptionError(where, 'ctx.training', 'true or false', ctx.training);
}

const contextNames: OptionNames<Omit<ForwardContext, 'key'> & MethodContext & { readonly key?: tf.Tensor }> = {
  training: 'requiredFlag',
  key: 'optional',
  salt: 'optionalNumber',
  ranks: 'optional',
  values: 'optional',
  phase: 'optional',
};

/**
 * Context for one child of a module, so that two dropouts never draw from one key. Costs nothing until a layer draws.
 *
 * @param child field name or index of the child
 */
export function childContext(ctx: ForwardContext, child: string | number): ForwardContext {
  checkContext('childContext', ctx);
  if (!ctx.training || ctx.key === undefined) return ctx;
  return { ...ctx, salt: foldIn([0, ctx.salt ?? 0], child)[0] };
}

/**
 * The key that a layer draws from: the context's key folded with its place in the tree.
 *
 * @param where name of the layer, for the error
 * @throws InvalidOptionError when the context has no key
 */
export function drawKey(ctx: ForwardContext, where: string): tf.Tensor1D {
  checkContext(where, ctx);
  if (ctx.key === undefined)
    throw new InvalidOptionError(
      where,
      'ctx.key',
      'a random key (int32 [2]) while training, because this layer draws random numbers',
      undefined,
    );
  return ctx.salt === undefined ? ctx.key : foldInKey(ctx.key, ctx.salt);
}
