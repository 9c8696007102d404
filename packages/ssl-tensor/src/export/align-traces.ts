import { ExportError } from '../errors/export-error.js';
import type { GraphNode } from '../graph/graph.js';
import type { Value } from '../graph/value.js';

/** One trace of a function: its results, by name. */
export type Traced = ReadonlyMap<string, Value>;

/** The node of each further trace that stands for a node of the first. */
export type Aligned = ReadonlyMap<GraphNode, readonly GraphNode[]>;

const wayOut =
  'Pass dynamicBatch: false, for a file of this batch size alone, or compute it in the same way at any size';

/** As a message names it: the kernel of TF.js that it was recorded for, and where. */
export function opOf({ op, origin }: GraphNode): readonly [op: string, userLine: string | undefined] {
  if (origin === undefined) return [op, undefined];
  return [origin.kernel, origin.line === 'unknown' ? undefined : origin.line];
}

/** @throws ExportError, which names the node's op */
export function refuse(node: GraphNode, problem: string): never {
  const [op, userLine] = opOf(node);
  throw new ExportError(op, problem, wayOut, userLine);
}

const attributesOf = ({ attributes }: GraphNode): string =>
  JSON.stringify(attributes, (name, value: unknown) => (name === 'body' ? (value as { key: string }).key : value));

/**
 * Walks the traces of one function at several batch sizes side by side.
 *
 * @throws ExportError where they are not made of the same nodes, with the same attributes
 */
export function alignTraces(traces: readonly Traced[]): Aligned {
  const [first, ...others] = traces as readonly [Traced, ...Traced[]];
  const aligned = new Map<GraphNode, readonly GraphNode[]>();
  const stack: { readonly values: readonly (Value | undefined)[]; readonly user: GraphNode | undefined }[] = [];
  for (const [name, value] of first)
    stack.push({ values: [value, ...others.map((other) => other.get(name))], user: undefined });
  for (let item = stack.pop(); item !== undefined; item = stack.pop()) {
    const [value, ...twins] = item.values;
    const node = value?.producer;
    if (node === undefined) {
      const isOther = twins.some((twin) => twin?.producer !== undefined || isInput(twin) !== isInput(value));
      const isMoved = isInput(value) && twins.some((twin) => twin?.name !== value?.name);
      if ((isOther || isMoved) && item.user !== undefined)
        refuse(item.user, 'takes other operands at other batch sizes');
      continue;
    }
    const nodes = twins.map((twin) => twin?.producer);
    const isSame = nodes.every(
      (twin, index) =>
        twin?.op === node.op &&
        twin.domain === node.domain &&
        twin.inputs.length === node.inputs.length &&
        twin.outputs.indexOf(twins[index]!) === node.outputs.indexOf(value!) &&
        attributesOf(twin) === attributesOf(node),
    );
    if (!isSame) refuse(node, 'is computed in another way at other batch sizes');
    const known = aligned.get(node);
    if (known !== undefined) {
      if (known.some((twin, index) => twin !== nodes[index]))
        refuse(node, 'is computed in another way at other batch sizes');
      continue;
    }
    aligned.set(node, nodes as readonly GraphNode[]);
    node.inputs.forEach((input, index) =>
      stack.push({ values: [input, ...nodes.map((twin) => twin!.inputs[index])], user: node }),
    );
  }
  return aligned;
}

const isInput = (value: Value | undefined): boolean =>
  value !== undefined && value.producer === undefined && value.constant === undefined && value.splat === undefined;
