import { Graph } from '../graph/graph.js';
import { rewrite, type Rewritten } from '../graph/rewrite.js';
import type { Value } from '../graph/value.js';
import { alignTraces, refuse, type Traced } from './align-traces.js';
import { isFixed, sizesThrough } from './batch-size.js';
import { openConstant } from './open-constant.js';

/** A function's traces, which differ in the batch size alone. */
export interface BatchTraces {
  /** Of the first trace. */
  readonly graph: Graph;
  readonly traces: readonly Traced[];
  readonly batches: readonly number[];
  /** Name of an input whose first axis is the batch. */
  readonly input: string;
}

const isConstant = (value: Value | undefined): value is Value =>
  value !== undefined && Graph.contents(value) !== undefined;

/**
 * The first trace as a graph for any batch size: what the traces have as different constants is computed of the size of an
 * input's first axis.
 *
 * @throws ExportError where the traces differ in more than that
 */
export function openBatch({ graph, traces, batches, input }: BatchTraces): Rewritten {
  const aligned = alignTraces(traces);
  return rewrite(graph, traces[0]!, (node, inputs, b) => {
    const others = aligned.get(node);
    if (others === undefined) return undefined;
    const batch = b.graph.inputs.find(({ name }) => name === input)!;
    const operands = inputs.map((operand, index) => {
      const values = [node, ...others].map((each) => each.inputs[index]);
      if (!isConstant(values[0])) return operand;
      // One size that is open needs no computing.
      const inferred =
        node.op === 'Reshape' && index === 1 ? inferredSize(values.filter(isConstant), batches) : undefined;
      if (inferred !== undefined) return b.int64(inferred);
      const made = openConstant(b, { values: values.filter(isConstant), batches, input: batch });
      return made ?? refuse(node, 'uses numbers that depend on the batch size, and are no sizes');
    });
    if (operands.every((operand, index) => operand === inputs[index])) return undefined;
    return b.graph.nodes(node.op, operands, node.outputs, node.attributes, node.domain);
  });
}

/** The shape of a Reshape with -1 in the place of its only open size. */
function inferredSize(values: readonly Value[], batches: readonly number[]): readonly number[] | undefined {
  const sizes = sizesThrough(
    values.map((value) => Array.from(Graph.contents(value)!, Number)),
    batches,
  );
  if (sizes?.filter((size) => !isFixed(size)).length !== 1) return undefined;
  return sizes.map((size) => (isFixed(size) ? size.offset : -1));
}
