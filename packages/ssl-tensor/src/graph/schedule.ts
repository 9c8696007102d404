import type { GraphNode } from './graph.js';
import type { Value } from './value.js';

/** What the outputs need: nodes in topological order, constants and inputs in use. */
export interface Schedule {
  readonly nodes: readonly GraphNode[];
  readonly constants: readonly Value[];
  readonly inputs: ReadonlySet<Value>;
}

/**
 * Orders the nodes that the outputs depend on and drops the rest. Depth first, so that a value is made close to its
 * first use; iterative, because graphs are thousands of nodes deep.
 */
export function scheduleNodes(outputs: readonly Value[]): Schedule {
  const nodes: GraphNode[] = [];
  const constants = new Set<Value>();
  const inputs = new Set<Value>();
  const state = new Map<GraphNode, 'open' | 'done'>();
  const stack: GraphNode[] = [];
  const visit = (value: Value): void => {
    if (value.producer !== undefined) {
      if (!state.has(value.producer)) stack.push(value.producer);
    } else if (value.constant !== undefined || value.splat !== undefined) constants.add(value);
    else inputs.add(value);
  };
  for (const output of outputs) {
    visit(output);
    while (stack.length > 0) {
      const node = stack[stack.length - 1]!;
      const seen = state.get(node);
      if (seen === undefined) {
        state.set(node, 'open');
        for (let i = node.inputs.length - 1; i >= 0; i--) {
          const input = node.inputs[i];
          if (input !== undefined) visit(input);
        }
      } else {
        stack.pop();
        if (seen === 'open') {
          state.set(node, 'done');
          nodes.push(node);
        }
      }
    }
  }
  return { nodes, constants: [...constants], inputs };
}
