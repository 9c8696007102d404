import { type TfjsEngine, tfjsEngine } from '../backend/tfjs-internals.js';
import type { Trace } from './trace.js';
import { currentStack, userLine } from './user-line.js';

/** How lines are found. */
export interface OriginOptions {
  /** Files to pass over, such as a library of layers: the line that called into them counts. */
  readonly ignore?: RegExp;
}

/**
 * Notes in the graph of a trace which kernel on which line of the user each node is for. Kernels of a gradient belong
 * to the line whose gradient they compute, not to the call of `tf.grads`.
 *
 * @returns ends it
 */
export function noteOrigins(trace: Trace, { ignore }: OriginOptions): () => void {
  let backwardOf: string | undefined;
  const line = (): string => userLine(currentStack(), ignore) ?? 'unknown';
  trace.onKernel = (kernel) => {
    trace.graph.origin = { kernel, line: backwardOf ?? line(), backward: backwardOf !== undefined };
  };
  const engine = tfjsEngine();
  const addTapeNode = engine.addTapeNode;
  engine.addTapeNode = function (this: TfjsEngine, ...args) {
    addTapeNode.apply(this, args);
    const node = this.state.activeTape?.at(-1);
    const { gradient } = node ?? {};
    if (node === undefined || gradient === undefined) return;
    const place = backwardOf ?? line();
    const within = <T>(body: () => T): T => {
      const outer = backwardOf;
      backwardOf = place;
      try {
        return body();
      } finally {
        backwardOf = outer;
      }
    };
    node.gradient = function (dys) {
      const gradients = within(() => gradient.call(this, dys));
      return Object.fromEntries(Object.entries(gradients).map(([input, compute]) => [input, () => within(compute)]));
    };
  };
  return () => {
    trace.onKernel = undefined;
    trace.graph.origin = undefined;
    // An own property hid the method of the class.
    delete (engine as Partial<TfjsEngine>).addTapeNode;
  };
}
