import type * as tf from '@tensorflow/tfjs-core';
import { traceKernels } from '@selfsup/ssl-tensor';
import { checkCount, checkOptions, InvalidOptionError, type OptionNames, ShapeError } from '@selfsup/ssl-tensor/host';
import type { TokenEncoder } from '../encoders/token-encoder.js';
import { shapesOnly } from '../init/shapes-only.js';
import { hasForward, watchCalls } from '../module/call-recorder.js';
import type { ForwardContext } from '../module/forward-context.js';
import { Module } from '../module/module.js';
import { formatSummary } from './format-summary.js';
import type { ModuleSummary } from './module-summary.js';
import { multiplyAddsOf } from './multiply-adds.js';

/** Result of {@link summary}. */
export interface Summary {
  readonly parameters: number;
  /** Multiply-adds of the batch. What papers call FLOPs is mostly this; counted apart, products and sums are twice as many. */
  readonly multiplyAdds: number;
  /** The model and all modules in it, in the order of `namedModules()`. */
  readonly modules: readonly ModuleSummary[];
  /** A table. */
  toString(): string;
}

/** Options of {@link summary}. */
export interface SummaryOptions {
  /** Levels of modules in the table below the model. Default 2. */
  readonly depth?: number;
}

const summaryOptionNames: OptionNames<SummaryOptions> = { depth: 'optionalNumber' };

/** A model whose forward pass takes one tensor. */
type Model = Module & { forward(x: tf.Tensor, ctx?: ForwardContext): unknown };

/**
 * Parameters and multiply-adds of a model, module by module, without computing anything. Counted are convolutions and
 * matrix products of a forward pass in inference, as the references' published numbers are. Of a `TokenEncoder` all tokens
 * are counted, as there; its `forward` may do less.
 *
 * @param model a module whose `forward` takes one float32 tensor, or a function that builds one: then its weights take no
 *   memory, and it is disposed of
 * @param inputShape such as `[1, 224, 224, 3]`
 * @throws InvalidOptionError for what is no such module; ShapeError for another shape, and what the model throws
 *
 * @example
 * console.log(String(await summary(() => resnet50({ key: randomKey(0) }), [1, 224, 224, 3])));
 */
export async function summary(
  model: Module | (() => Module),
  inputShape: readonly number[],
  options: SummaryOptions = {},
): Promise<Summary> {
  const { depth = 2 } = checkOptions('summary', options, summaryOptionNames);
  checkCount('summary', { depth }, 0);
  if (!Array.isArray(inputShape) || !inputShape.every((size) => Number.isInteger(size) && size > 0)) {
    const advice = 'positive integers, such as [1, 224, 224, 3]';
    throw new ShapeError('summary', 'inputShape', advice, JSON.stringify(inputShape) ?? typeof inputShape);
  }
  const isBuilt = model instanceof Module;
  const isClass = typeof model === 'function' && model.prototype instanceof Module;
  const root: unknown = isBuilt || isClass ? model : shapesOnly(model as () => Module);
  if (!(root instanceof Module) || typeof (root as Partial<Model>).forward !== 'function') {
    const advice = 'Such as summary(() => resnet18({ key }), [1, 224, 224, 3])';
    throw new InvalidOptionError('summary', 'model', 'a Module with forward(x), or what builds one', root, advice);
  }
  try {
    return await summarise(root as Model, inputShape, depth);
  } finally {
    if (!isBuilt) root.dispose();
  }
}

async function summarise(root: Model, inputShape: readonly number[], depth: number): Promise<Summary> {
  const modules = root.namedModules();
  const own = new Map<string, number>();
  const outputs = new Map<string, readonly number[]>();
  const running: string[] = [];
  const ends: (() => void)[] = [];
  const encode = (root as Partial<TokenEncoder<tf.Tensor>>).encode?.bind(root);
  try {
    for (const [name, module] of modules) {
      if (!hasForward(module)) continue;
      const onEnd = (output: unknown): void => {
        running.pop();
        const shape = (output as tf.Tensor | undefined)?.shape;
        if (Array.isArray(shape)) outputs.set(name, shape);
      };
      ends.push(watchCalls(module, onEnd, () => running.push(name)));
    }
    await traceKernels(
      (x) => {
        const result = encode === undefined ? root.forward(x) : encode(x).tokens;
        if (Array.isArray((result as tf.Tensor).shape)) outputs.set('', (result as tf.Tensor).shape);
      },
      [inputShape],
      (call) => {
        const name = running.at(-1) ?? '';
        own.set(name, (own.get(name) ?? 0) + multiplyAddsOf(call));
      },
    );
  } finally {
    for (const end of ends) end();
  }
  const rows = [...modules].map(([name, module]): ModuleSummary => {
    const start = `${name}.`;
    let multiplyAdds = 0;
    for (const [other, count] of own)
      if (name === '' || other === name || other.startsWith(start)) multiplyAdds += count;
    const output = outputs.get(name);
    const kind = module.constructor.name;
    return { name, kind, parameters: module.parameterCount(), multiplyAdds, ...(output && { output }) };
  });
  const { parameters, multiplyAdds } = rows[0]!;
  return { parameters, multiplyAdds, modules: rows, toString: () => formatSummary(rows, depth) };
}
