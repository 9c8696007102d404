import { create, toBinary } from '@bufbuild/protobuf';
import {
  AttributeProto_AttributeType as AttributeType,
  type AttributeProto,
  AttributeProtoSchema,
  type GraphProto,
  GraphProtoSchema,
  ModelProtoSchema,
  NodeProtoSchema,
  OperatorSetIdProtoSchema,
  TensorProtoSchema,
  TensorShapeProto_DimensionSchema,
  TensorShapeProtoSchema,
  TypeProto_TensorSchema,
  TypeProtoSchema,
  type ValueInfoProto,
  ValueInfoProtoSchema,
} from 'onnx-buf';
import type { Attribute, Origin } from './graph.js';
import { Graph } from './graph.js';
import { type Schedule, scheduleNodes } from './schedule.js';
import type { Value, ValueType } from './value.js';
import { sizeOf } from './value.js';

const onnxTypes: Readonly<Record<ValueType, number>> = {
  float32: 1,
  uint8: 2,
  int32: 6,
  int64: 7,
  bool: 9,
  float16: 10,
  uint32: 12,
};

/** ONNX operator set the lowering rules are written for. */
export const opset = 20n;
export const irVersion = 9n;

/** ONNX code of a value type, as Cast's attribute `to` wants it. */
export function onnxType(type: ValueType): number {
  return onnxTypes[type];
}

/** Names of the values outside that the inputs of a body stand for, where it takes them from there. */
type Captured = ReadonlyMap<Value, string>;

/** @param captured names of a node's operands, if its bodies see them in place of inputs of their own */
function encodeAttribute(name: string, value: Attribute, captured: readonly string[] | undefined): AttributeProto {
  if (typeof value === 'number')
    return create(AttributeProtoSchema, { name, type: AttributeType.INT, i: BigInt(value) });
  if (typeof value === 'string') {
    return create(AttributeProtoSchema, { name, type: AttributeType.STRING, s: new TextEncoder().encode(value) });
  }
  if ('float' in value)
    return create(AttributeProtoSchema, {
      name,
      type: AttributeType.FLOAT,
      f: value.float,
    });
  if ('body' in value) {
    const { inputs, outputs } = value.body;
    const named = new Map(outputs.map((output, index) => [`body_y${index}`, output]));
    const schedule = scheduleNodes(outputs);
    const g =
      captured === undefined
        ? encodeGraph('body', schedule, inputs, named)
        : encodeGraph('body', schedule, [], named, new Map(inputs.map((input, index) => [input, captured[index]!])));
    return create(AttributeProtoSchema, { name, type: AttributeType.GRAPH, g });
  }
  return create(AttributeProtoSchema, {
    name,
    type: AttributeType.INTS,
    ints: value.map(BigInt),
  });
}

/** @param sizes of its axes; those that are open have a name */
export function describeValue(
  name: string,
  value: Value,
  sizes: readonly (number | string)[] = value.shape,
): ValueInfoProto {
  const dim = sizes.map((size) =>
    create(TensorShapeProto_DimensionSchema, {
      value: typeof size === 'string' ? { case: 'dimParam', value: size } : { case: 'dimValue', value: BigInt(size) },
    }),
  );
  const tensor = create(TypeProto_TensorSchema, {
    elemType: onnxTypes[value.type],
    shape: create(TensorShapeProtoSchema, { dim }),
  });
  return create(ValueInfoProtoSchema, {
    name,
    type: create(TypeProtoSchema, { value: { case: 'tensorType', value: tensor } }),
  });
}

/** A graph as bytes of an ONNX model. */
export interface EncodedModel {
  readonly bytes: Uint8Array;
  /** Inputs that the outputs depend on; the others are not part of the model. */
  readonly inputs: readonly Value[];
  readonly nodeCount: number;
  /** Origins by the node's name in the model, where the graph noted them. */
  readonly origins: ReadonlyMap<string, Origin>;
}

/**
 * Encodes the part of `graph` that `outputs` depend on as an ONNX model.
 *
 * @param outputs result name to value; two names may share a value
 * @param name what the names of nodes start with, where there are several models
 */
export function encodeModel(graph: Graph, outputs: ReadonlyMap<string, Value>, name = 'step'): EncodedModel {
  const schedule = scheduleNodes([...outputs.values()]);
  const inputs = graph.inputs.filter((input) => schedule.inputs.has(input));
  const encoded = encodeGraph(name, schedule, inputs, outputs);
  const model = create(ModelProtoSchema, {
    irVersion,
    producerName: 'ssl-tensor',
    opsetImport: [
      create(OperatorSetIdProtoSchema, { domain: '', version: opset }),
      create(OperatorSetIdProtoSchema, {
        domain: 'com.microsoft',
        version: 1n,
      }),
    ],
    graph: encoded,
  });
  return {
    bytes: toBinary(ModelProtoSchema, model),
    inputs,
    nodeCount: encoded.node.length,
    origins: new Map(
      schedule.nodes.flatMap(({ op, origin }, index) =>
        origin === undefined ? [] : [[nodeName(name, op, index), origin] as const],
      ),
    ),
  };
}

/** Nodes of a body have names of their own, so that a profile tells them from those around it. */
const nodeName = (graph: string, op: string, index: number): string =>
  graph === 'step' ? `${op}_${index}` : `${graph}.${op}_${index}`;

/** @param captured names of values other than their own */
export function encodeGraph(
  name: string,
  schedule: Schedule,
  inputs: readonly Value[],
  outputs: ReadonlyMap<string, Value>,
  captured: Captured = new Map(),
): GraphProto {
  // A computed value bears the name of its output; an input, a constant or a second output of one value is copied.
  const renamed = new Map(captured);
  for (const [output, value] of outputs)
    if (value.producer !== undefined && !renamed.has(value)) renamed.set(value, output);
  const nameOf = (value: Value): string => renamed.get(value) ?? value.name;
  const node = schedule.nodes.map((item, index) => {
    const names = item.inputs.map((input) => (input === undefined ? '' : nameOf(input)));
    // The bodies of If have no inputs: they see the values around it.
    const seen = item.op === 'If' ? names.splice(1) : undefined;
    return create(NodeProtoSchema, {
      name: nodeName(name, item.op, index),
      opType: item.op,
      domain: item.domain,
      input: names,
      output: item.outputs.map(nameOf),
      attribute: Object.entries(item.attributes).map(([attribute, value]) => encodeAttribute(attribute, value, seen)),
    });
  });
  for (const [output, value] of outputs) {
    if (renamed.get(value) === output) continue;
    node.push(
      create(NodeProtoSchema, {
        name: `out_${output}`,
        opType: 'Identity',
        input: [nameOf(value)],
        output: [output],
      }),
    );
  }
  // A large constant of equal elements is expanded by the runtime, not stored.
  const isLargeSplat = (value: Value): boolean => value.splat !== undefined && sizeOf(value.shape) > 64;
  const large = schedule.constants.filter(isLargeSplat);
  const shapes: Value[] = [];
  for (const value of large) {
    const fill: Value = { name: `${value.name}_fill`, shape: [], type: value.type, splat: value.splat! };
    const shape = BigInt64Array.from(value.shape.map(BigInt));
    shapes.push(fill, { name: `${value.name}_shape`, shape: [shape.length], type: 'int64', constant: shape });
    node.unshift(
      create(NodeProtoSchema, {
        name: `expand_${value.name}`,
        opType: 'Expand',
        input: [fill.name, `${value.name}_shape`],
        output: [value.name],
      }),
    );
  }
  // The runtime walks back from the outputs and enters the latest input of a node first: written from the last node to
  // the first, the nodes run in the schedule's order. It refuses that of the body of a node.
  if (name !== 'body') node.reverse();
  const stored = [...schedule.constants.filter((value) => !isLargeSplat(value)), ...shapes];
  const initializer = stored.map((value) => {
    const data = Graph.contents(value)!;
    return create(TensorProtoSchema, {
      name: value.name,
      dims: value.shape.map(BigInt),
      dataType: onnxTypes[value.type],
      rawData: new Uint8Array(data.buffer as ArrayBuffer, data.byteOffset, data.byteLength),
    });
  });
  return create(GraphProtoSchema, {
    name,
    node,
    initializer,
    input: inputs.map((value) => describeValue(value.name, value)),
    output: [...outputs].map(([output, value]) => describeValue(output, value)),
  });
}
