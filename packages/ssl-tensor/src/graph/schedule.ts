import type { GraphNode } from './graph.js';
import type { Value } from './value.js';

/** What the outputs need: nodes in topological order, constants and inputs in use. */
export interface Schedule {
  readonly nodes: readonly GraphNode[];
  readonly constants: readonly Value[];
  readonly inputs: ReadonlySet<Value>;
}

/** Inputs from which a node only joins what are results by themselves, such as the gradients of all parameters. */
const joins = 8;

/** Length of the longest chain of nodes that leads to each node. */
function depthsOf(outputs: readonly Value[]): Map<GraphNode, number> {
  const depths = new Map<GraphNode, number>();
  walk(
    outputs,
    (node) => node.inputs,
    (node) => {
      const above = node.inputs.map((input) => (input?.producer === undefined ? 0 : depths.get(input.producer)!));
      depths.set(node, 1 + Math.max(0, ...above));
    },
  );
  return depths;
}

/** Visits the nodes that the values depend on, inputs in the given order before the node; iterative, for deep graphs. */
function walk(
  values: readonly Value[],
  inputsOf: (node: GraphNode) => readonly (Value | undefined)[],
  visit: (node: GraphNode) => void,
): void {
  const state = new Map<GraphNode, 'open' | 'done'>();
  const stack: GraphNode[] = [];
  const push = (value: Value | undefined): void => {
    if (value?.producer !== undefined && !state.has(value.producer)) stack.push(value.producer);
  };
  for (const value of values) {
    push(value);
    while (stack.length > 0) {
      const node = stack[stack.length - 1]!;
      const seen = state.get(node);
      if (seen === undefined) {
        state.set(node, 'open');
        inputsOf(node).toReversed().forEach(push);
      } else {
        stack.pop();
        if (seen === 'open') {
          state.set(node, 'done');
          visit(node);
        }
      }
    }
  }
}

/**
 * Orders the nodes that the outputs depend on and drops the rest. Depth first, so that a value is made close to its
 * first use. Of a node's inputs, the one that most has to be done for comes first: what is quickly made waits until it is
 * needed. Of outputs and of what is only joined, the quickest comes first: the gradient of the last layer's weights, then
 * that of the layer before, each as soon as there is what it is made of, which then can go.
 */
export function scheduleNodes(outputs: readonly Value[]): Schedule {
  const nodes: GraphNode[] = [];
  const constants = new Set<Value>();
  const inputs = new Set<Value>();
  const depths = depthsOf(outputs);
  const depthOf = (value: Value | undefined): number =>
    value?.producer === undefined ? 0 : depths.get(value.producer)!;
  const quickestFirst = (values: readonly Value[]): readonly Value[] =>
    values.toSorted((a, b) => depthOf(a) - depthOf(b));
  const order = (node: GraphNode): readonly (Value | undefined)[] =>
    node.inputs.toSorted((a, b) => (node.inputs.length < joins ? depthOf(b) - depthOf(a) : depthOf(a) - depthOf(b)));
  const note = (value: Value | undefined): void => {
    if (value === undefined || value.producer !== undefined) return;
    if (value.constant !== undefined || value.splat !== undefined) constants.add(value);
    else inputs.add(value);
  };
  outputs.forEach(note);
  walk(quickestFirst(outputs), order, (node) => {
    nodes.push(node);
    node.inputs.forEach(note);
  });
  return { nodes, constants: [...constants], inputs };
}
