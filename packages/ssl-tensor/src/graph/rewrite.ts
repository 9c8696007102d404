import { Builder, type Target } from './builder.js';
import { type Attribute, Graph, type GraphNode } from './graph.js';
import { scheduleNodes } from './schedule.js';
import type { Value } from './value.js';

/**
 * What stands for a node in the rewritten graph.
 *
 * @param inputs the node's inputs, as they are in the rewritten graph
 * @param builder adds to the rewritten graph
 * @returns a value for each of the node's outputs; undefined: the node stays
 */
export type RewriteRule = (
  node: GraphNode,
  inputs: readonly (Value | undefined)[],
  builder: Builder,
) => readonly Value[] | undefined;

/** A graph of its own, which shares nothing with the one that it was made of. */
export interface Rewritten {
  readonly graph: Graph;
  readonly outputs: ReadonlyMap<string, Value>;
}

/**
 * The part of a graph that `outputs` depend on, with each node replaced as `rule` says, from the inputs on, nodes in the
 * bodies of others too. What has become equal is one node. The graph itself stays as it is; inputs keep their names and
 * their order, also those that nothing depends on.
 *
 * @param outputs result name to value
 * @param target what the rule's builder builds for
 */
export function rewrite(
  graph: Graph,
  outputs: ReadonlyMap<string, Value>,
  rule: RewriteRule,
  target: Target = 'portable',
): Rewritten {
  const made = new Graph(graph.prefix);
  const values = rewriteInto(made, graph.inputs, [...outputs.values()], rule, target);
  return { graph: made, outputs: new Map([...outputs.keys()].map((name, index) => [name, values[index]!])) };
}

function rewriteInto(
  graph: Graph,
  inputs: readonly Value[],
  outputs: readonly Value[],
  rule: RewriteRule,
  target: Target,
): readonly Value[] {
  const builder = new Builder(graph, target);
  const twins = new Map<Value, Value>();
  for (const input of inputs) twins.set(input, graph.input(input.name, input.shape, input.type));
  const twinOf = (value: Value): Value => {
    let twin = twins.get(value);
    if (twin === undefined) {
      twin =
        value.splat === undefined
          ? graph.constant(value.constant!, value.shape, value.type)
          : graph.splat(value.splat, value.shape, value.type);
      twins.set(value, twin);
    }
    return twin;
  };
  for (const node of scheduleNodes(outputs).nodes) {
    const operands = node.inputs.map((input) => (input === undefined ? undefined : twinOf(input)));
    graph.origin = node.origin;
    const results = rule(node, operands, builder) ?? copy(graph, node, operands, rule, target);
    node.outputs.forEach((output, index) => twins.set(output, results[index]!));
  }
  graph.origin = undefined;
  return outputs.map(twinOf);
}

function copy(
  graph: Graph,
  node: GraphNode,
  inputs: readonly (Value | undefined)[],
  rule: RewriteRule,
  target: Target,
): readonly Value[] {
  const attributes = Object.entries(node.attributes).map(([name, value]): readonly [string, Attribute] => {
    if (typeof value !== 'object' || !('body' in value)) return [name, value];
    const body = new Graph('body_');
    return [name, { body: body.asBody(rewriteInto(body, value.body.inputs, value.body.outputs, rule, target)) }];
  });
  return graph.nodes(node.op, inputs, node.outputs, Object.fromEntries(attributes), node.domain);
}
