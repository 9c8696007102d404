import type { Chain } from './blockwise.js';
import { Builder } from './builder.js';
import { Graph } from './graph.js';
import type { Value } from './value.js';

/**
 * What `then` computes of the operands where `condition` is true at the run, and what `otherwise` computes where it is not:
 * the other one is not computed. Both give results of the same shapes and types. Not within the body of a node.
 *
 * @param condition bool scalar
 */
export function either(
  b: Builder,
  condition: Value,
  operands: readonly Value[],
  then: Chain,
  otherwise: Chain,
): readonly Value[] {
  const branch = (chain: Chain): { graph: Graph; results: readonly Value[] } => {
    const graph = new Graph('body_');
    const parts = operands.map(({ shape, type }, index) => graph.input(`body_x${index}`, shape, type));
    return { graph, results: chain(new Builder(graph, b.device), parts) };
  };
  const [one, other] = [branch(then), branch(otherwise)];
  return b.graph.nodes(
    'If',
    [condition, ...operands],
    one.results.map(({ shape, type }) => ({ shape, type })),
    {
      then_branch: { body: one.graph.asBody(one.results) },
      else_branch: { body: other.graph.asBody(other.results) },
    },
  );
}
