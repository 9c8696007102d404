import { Graph, type GraphNode } from '../graph/graph.js';
import { scheduleNodes } from '../graph/schedule.js';
import { bytesOf, type Value } from '../graph/value.js';
import type { HostFunctionCall } from './host-function.js';

/** A host call as a graph has it. */
export interface HostCall extends HostFunctionCall {
  readonly inputs: readonly Value[];
  /** What the graph takes for its results. */
  readonly results: readonly Value[];
  /** Steps whose host calls share a channel run one after the other. */
  readonly channel: object;
}

/** A part of a graph that runs without the host, and the host call after it. */
export interface Segment {
  /** Holds the inputs: those of the whole, and what earlier segments and host calls gave, under the values' names. */
  readonly graph: Graph;
  /** What it computes: values for the host and for later segments under their own names; results under theirs. */
  readonly outputs: ReadonlyMap<string, Value>;
  /** Absent in the last one. */
  readonly call: HostCall | undefined;
  /** Names of values that nobody needs after this segment and its host call. */
  readonly expired: readonly string[];
}

/** Ops that only look at their operand in another shape: made again where they are needed, so that no copy crosses. */
const isView = ({ op, inputs }: GraphNode): boolean =>
  (op === 'Reshape' || op === 'Expand') && inputs[1]?.constant !== undefined;

/**
 * The segment that each node is part of; a host call's node counts for the segment that it follows. What the host needs is
 * computed as soon as it can be, which leaves few segments with little to pass on. What leaves the step is computed at its
 * end, but as soon as it can be where less waits that way: a loss rather than what it is the mean of.
 */
function segmentsOf(
  nodes: readonly GraphNode[],
  calls: readonly HostCall[],
  outputs: Iterable<Value>,
): Map<GraphNode, number> {
  const earliest = new Map<GraphNode, number>();
  const after = new Map(calls.flatMap(({ results }, index) => results.map((result) => [result, index + 1] as const)));
  const earliestOf = (value: Value | undefined): number =>
    value?.producer === undefined ? 0 : (after.get(value) ?? earliest.get(value.producer)!);
  for (const node of nodes) earliest.set(node, Math.max(0, ...node.inputs.map(earliestOf)));
  const segments = new Map<GraphNode, number>();
  calls.forEach(({ results }, index) => {
    for (const { producer } of results) segments.set(producer!, index);
  });
  /** The nodes that a value needs beyond those of the segments up to one, and what it needs of those. */
  const need = (value: Value, segment: number): { nodes: Set<GraphNode>; before: Set<Value> } => {
    const [found, before] = [new Set<GraphNode>(), new Set<Value>()];
    const stack = [value];
    for (let item = stack.pop(); item !== undefined; item = stack.pop()) {
      const node = item.producer;
      if (node === undefined || found.has(node)) continue;
      if ((segments.get(node) ?? Infinity) <= segment) before.add(item);
      else {
        found.add(node);
        for (const input of node.inputs) if (input !== undefined) stack.push(input);
      }
    }
    return { nodes: found, before };
  };
  const compute = (value: Value, segment: number): void => {
    for (const node of need(value, segment).nodes) segments.set(node, segment);
  };
  for (const { inputs } of calls) for (const input of inputs) compute(input, earliestOf(input));
  for (const output of outputs) {
    const soon = earliestOf(output);
    const waiting = [...need(output, soon).before].reduce((sum, value) => sum + bytesOf(value), 0);
    compute(output, waiting > bytesOf(output) ? soon : calls.length);
  }
  return segments;
}

/**
 * Cuts a graph at its host calls, which run in the order in which they were recorded.
 *
 * @param outputs result name to value
 */
export function partition(
  graph: Graph,
  calls: readonly HostCall[],
  outputs: ReadonlyMap<string, Value>,
): readonly Segment[] {
  if (calls.length === 0) return [{ graph, outputs, call: undefined, expired: [] }];
  const { nodes } = scheduleNodes([...calls.flatMap(({ inputs }) => inputs), ...outputs.values()]);
  const segments = segmentsOf(nodes, calls, outputs.values());
  const fromHost = new Set(calls.flatMap(({ results }) => results));
  const lastUse = new Map<string, number>();
  const parts = Array.from({ length: calls.length + 1 }, () => {
    const part = new Graph();
    part.inputs.push(...graph.inputs);
    return { graph: part, local: new Map<Value, Value>(), outputs: new Map<string, Value>() };
  });
  /** Notes that the segment, or the host call after it, uses a value that lies outside of models. */
  const use = (value: Value, segment: number): void => {
    lastUse.set(value.name, Math.max(lastUse.get(value.name) ?? segment, segment));
    if (value.producer === undefined || fromHost.has(value)) return;
    const home = parts[segments.get(value.producer)!]!;
    home.outputs.set(value.name, home.local.get(value)!);
  };
  const copy = (node: GraphNode, segment: number): void => {
    const inputs = node.inputs.map((input) => (input === undefined ? undefined : localValue(input, segment)));
    const twin: GraphNode = { ...node, inputs, outputs: [] };
    for (const output of node.outputs) {
      const value: Value = { ...output, producer: twin };
      twin.outputs.push(value);
      parts[segment]!.local.set(output, value);
    }
  };
  /** What stands for a value inside a segment: its copy, or an input where it was made before. */
  const localValue = (value: Value, segment: number): Value => {
    const { graph: part, local } = parts[segment]!;
    if (value.producer === undefined) return value;
    if (!local.has(value)) {
      if (isView(value.producer)) copy(value.producer, segment);
      else {
        local.set(value, part.input(value.name, value.shape, value.type));
        use(value, segment);
      }
    }
    return local.get(value)!;
  };
  for (const node of nodes) if (!node.outputs.some((output) => fromHost.has(output))) copy(node, segments.get(node)!);
  calls.forEach((call, index) => {
    for (const result of call.results) lastUse.set(result.name, lastUse.get(result.name) ?? index);
    for (const input of call.inputs) if (input.producer !== undefined) use(input, index);
  });
  const last = parts[calls.length]!;
  for (const [name, value] of outputs) last.outputs.set(name, localValue(value, calls.length));
  return parts.map((part, index) => ({
    graph: part.graph,
    outputs: part.outputs,
    call: calls[index],
    expired: [...lastUse].filter(([, segment]) => segment === index).map(([name]) => name),
  }));
}

/** Those of the calls that the values depend on. */
export function neededCalls(calls: readonly HostCall[], values: readonly Value[]): readonly HostCall[] {
  const needed = new Set([...values, ...scheduleNodes(values).nodes.flatMap(({ inputs }) => inputs)]);
  return calls.filter(({ results }) => results.some((result) => needed.has(result)));
}
