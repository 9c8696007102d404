import type { GraphNode } from './graph.js';
import { scheduleNodes } from './schedule.js';
import { bytesOf, type Value } from './value.js';

/** Memory of one model while it runs, in bytes. */
export interface ModelMemory {
  /** Most that is in use at once of what the nodes make on the way; outputs lie in memory of their own. */
  readonly workspace: number;
  readonly constants: number;
}

/** Memory that passes from value to value. */
interface Buffer {
  readonly bytes: number;
  readonly start: number;
  end: number;
}

/** Ops whose result is their first operand in another shape. */
const views: ReadonlySet<string> = new Set(['Reshape', 'Squeeze', 'Unsqueeze', 'Flatten', 'Identity']);

/** Ops that the runtime lets write over an operand of the same size that nobody needs any more. */
const inPlace: ReadonlySet<string> = new Set(
  'Abs Add And Cast Ceil Clip Div Erf Exp Floor Log Mul Neg Not Or Pow Reciprocal Relu Round Sigmoid Sign Sqrt Sub Tanh'.split(
    ' ',
  ),
);

/**
 * What the runtime's planner will hold at once. It runs the nodes in the schedule's order, lets elementwise ops write over
 * an operand that ends with them, and keeps what is free for the next value of the same shape: that buffer then is held
 * in between, too.
 */
export function planMemory(outputs: readonly Value[]): ModelMemory {
  const { nodes, constants } = scheduleNodes(outputs);
  const buffers = buffersOf(nodes, new Set(outputs));
  const changes = Array.from({ length: nodes.length + 1 }, () => 0);
  for (const { bytes, start, end } of buffers) {
    changes[start]! += bytes;
    changes[end + 1]! -= bytes;
  }
  let [held, workspace] = [0, 0];
  for (const change of changes) {
    held += change;
    workspace = Math.max(workspace, held);
  }
  return { workspace, constants: constants.reduce((sum, value) => sum + bytesOf(value), 0) };
}

function buffersOf(nodes: readonly GraphNode[], outputs: ReadonlySet<Value>): readonly Buffer[] {
  const usesLeft = new Map<Value, number>();
  for (const { inputs } of nodes)
    for (const input of inputs) if (input !== undefined) usesLeft.set(input, (usesLeft.get(input) ?? 0) + 1);
  const made: Buffer[] = [];
  const bufferOf = new Map<Value, Buffer>();
  /** Values that lie in a buffer and are still needed. */
  const inside = new Map<Buffer, Set<Value>>();
  const free = new Map<string, Buffer[]>();
  const place = (value: Value, buffer: Buffer): void => {
    bufferOf.set(value, buffer);
    const values = inside.get(buffer) ?? new Set();
    inside.set(buffer, values.add(value));
  };
  const release = (value: Value, index: number): void => {
    const buffer = bufferOf.get(value);
    if (buffer === undefined) return;
    buffer.end = Math.max(buffer.end, index);
    if ((usesLeft.get(value) ?? 0) > 0) return;
    const values = inside.get(buffer)!;
    if (!values.delete(value) || values.size > 0) return;
    const key = keyOf(value);
    free.set(key, [...(free.get(key) ?? []), buffer]);
  };
  nodes.forEach((node, index) => {
    for (const output of node.outputs) {
      if (outputs.has(output)) continue;
      const source = sourceOf(node, output, usesLeft);
      const shared = source === undefined ? undefined : bufferOf.get(source);
      // A change of shape of an input or a constant is that input or constant.
      if (shared === undefined && views.has(node.op)) continue;
      const known = shared ?? free.get(keyOf(output))?.pop();
      const buffer = known ?? { bytes: bytesOf(output), start: index, end: index };
      if (known === undefined) made.push(buffer);
      buffer.end = Math.max(buffer.end, index);
      place(output, buffer);
    }
    for (const input of node.inputs) {
      if (input === undefined) continue;
      usesLeft.set(input, usesLeft.get(input)! - 1);
      release(input, index);
    }
    for (const output of node.outputs) release(output, index);
  });
  return made;
}

/** The operand in whose memory a node's output is made. */
function sourceOf({ op, inputs }: GraphNode, output: Value, usesLeft: ReadonlyMap<Value, number>): Value | undefined {
  if (views.has(op)) return inputs[0];
  if (!inPlace.has(op)) return undefined;
  return inputs
    .slice(0, 2)
    .find((input) => input !== undefined && usesLeft.get(input) === 1 && keyOf(input) === keyOf(output));
}

const keyOf = ({ type, shape }: Value): string => `${type}[${shape.join(',')}]`;
