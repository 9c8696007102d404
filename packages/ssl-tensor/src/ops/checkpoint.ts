import * as tf from '@tensorflow/tfjs-core';
import { InvalidOptionError } from '@selfsup/ssl-core';
import { customOp } from '../backend/custom-op.js';
import { ownerOf } from '../backend/data-ownership.js';
import { holdVariables } from '../backend/held-variables.js';
import { type TapeNode, tfjsEngine } from '../backend/tfjs-internals.js';
import { replaying } from './checkpoint-replay.js';
import { olderThan, watchingUses } from './checkpoint-tape.js';

type Result = tf.Tensor | readonly tf.Tensor[];

/** A run of a function, with what it used that was there before. */
interface Run {
  readonly results: readonly tf.Tensor[];
  /** Tensors and variables, arguments or not. */
  readonly used: readonly tf.Tensor[];
  /** Those of them that gradients may flow to. */
  readonly differentiable: readonly tf.Tensor[];
}

/** Runs `fn` and takes what it recorded for its gradient off the tape again. */
function runOffTape(fn: () => readonly tf.Tensor[], inputs: readonly tf.Tensor[]): Run {
  const { state } = tfjsEngine();
  const isOlder = olderThan(tfjsEngine().nextTensorId());
  const used = new Set<tf.Tensor>(inputs);
  const start = state.activeTape!.length;
  const results = watchingUses((tensor) => isOlder(tensor) && used.add(tensor), fn);
  const nodes = state.activeTape!.splice(start);
  for (const { saved } of nodes) tf.dispose(saved);
  const passedOn = results.filter(isOlder);
  for (const tensor of passedOn) used.add(tensor);
  const onTape = nodes.flatMap((node) => Object.values(node.inputs).filter(isOlder));
  return { results, used: [...used], differentiable: [...new Set([...onTape, ...passedOn])] };
}

/** A tensor of the same shape over other data. */
function viewOf({ shape, dtype }: tf.Tensor, dataId: tf.DataId): tf.Tensor {
  const owner = ownerOf(dataId)!;
  owner.incRef(dataId);
  return tf.engine().makeTensorFromTensorInfo({ dataId, shape, dtype }, owner);
}

/** Gradients of `fn`'s results, weighted by `dys`, with respect to `xs`; its tape is kept apart from the one around it. */
function pullBack(
  fn: () => readonly tf.Tensor[],
  dys: readonly (tf.Tensor | null)[],
  xs: readonly tf.Tensor[],
): tf.Tensor[] {
  const { state } = tfjsEngine();
  const outer = state.activeTape;
  state.activeTape = [];
  const wanted = dys.flatMap((dy, place) => (dy === null ? [] : [[dy, place] as const]));
  const [[dy, place]] = wanted as [readonly [tf.Tensor, number]];
  const objective = (): tf.Tensor => {
    const results = fn();
    if (wanted.length === 1) return results[place]!;
    return tf.addN(wanted.map(([weight, at]) => tf.sum(tf.mul(results[at]!, weight))));
  };
  try {
    const { grads } = tf.engine().gradients(objective, [...xs], wanted.length === 1 ? dy : undefined, true);
    // A gradient may be a tensor that has another owner, who disposes of it.
    return grads.map((dx, index) =>
      (dx as tf.Tensor | undefined) === undefined ? tf.zeros(xs[index]!.shape) : tf.clone(dx),
    );
  } finally {
    // Where gradients are differentiated again, the tape around it needs what this one has.
    if (state.gradientDepth > 0) outer?.push(...(state.activeTape ?? []));
    state.activeTape = outer;
  }
}

/**
 * `fn(...inputs)`, computed a second time for its gradient: what it computes on the way is not kept from the forward pass
 * to the backward pass. Saves memory for time, about a forward pass of `fn`.
 *
 * Variables and tensors that `fn` uses without being given them get their gradients too. The second run sees variables as
 * the first did, and what it assigns is dropped, so that running statistics move once. `fn` must do the same both times:
 * randomness by explicit keys does.
 *
 * Inside compile() the second run waits for the gradient of the results, so that neither the graph nor the runtime can
 * share what the first computed.
 *
 * @param fn returns a tensor or an array of tensors
 * @param inputs any shapes and types
 * @returns what `fn` returns
 * @see Chen et al., Training Deep Nets with Sublinear Memory Cost, arXiv 1604.06174; `torch.utils.checkpoint`
 *
 * @example
 * for (const block of blocks) x = checkpoint((h) => block.forward(h), x);
 */
export function checkpoint<A extends readonly tf.Tensor[], R extends Result>(fn: (...inputs: A) => R, ...inputs: A): R {
  if (typeof fn !== 'function') throw new InvalidOptionError('checkpoint', 'fn', 'a function of the inputs', fn);
  const engine = tfjsEngine();
  if (!engine.isTapeOn()) return fn(...inputs);
  let isSingle = false;
  const run = (): readonly tf.Tensor[] => {
    const result = fn(...inputs);
    isSingle = result instanceof tf.Tensor;
    return isSingle ? [result as tf.Tensor] : (result as readonly tf.Tensor[]);
  };
  const before = holdVariables();
  const forward = (): tf.Tensor[] => {
    const { results: made, used, differentiable } = runOffTape(run, inputs);
    // What the run assigned, the run to come must not see.
    const dataIds = used.map((tensor) => before.dataIds.get(tensor as tf.Variable) ?? tensor.dataId);
    const clones = customOp({
      inputs: differentiable,
      forward: (save) => {
        save(used.map((tensor, index) => viewOf(tensor, dataIds[index]!)));
        return made.map((result) => tf.clone(result));
      },
      backward: () => ({}),
    });
    const node = engine.state.activeTape!.at(-1)!;
    // Called as a method of a copy of the node whose inputs are those that need a gradient.
    node.gradient = function (this: TapeNode, dys) {
      const places = Object.keys(this.inputs);
      const xs = Object.values(this.inputs);
      const seen = used.map((tensor, index) => ({ tensor, dataId: dataIds[index]!, copy: this.saved[index]! }));
      const signals = dys.filter((dy) => dy !== null);
      const gradients = tf.tidy(() => replaying(seen, signals, () => pullBack(run, dys, xs)));
      return Object.fromEntries(places.map((place, index) => [place, () => gradients[index]!]));
    };
    return clones;
  };
  try {
    const results = tf.tidy(forward);
    return (isSingle ? results[0] : results) as R;
  } finally {
    before.release();
  }
}
