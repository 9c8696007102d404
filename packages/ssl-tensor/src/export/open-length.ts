import { create } from '@bufbuild/protobuf';
import {
  AttributeProto_AttributeType as AttributeType,
  AttributeProtoSchema,
  type GraphProto,
  NodeProtoSchema,
  TensorProto_DataType as DataType,
  TensorProtoSchema,
} from 'onnx-buf';
import type { Port } from './encode-file.js';

/** What an axis of an open length is in a file: its name there, and the size with which the graph computes. */
export interface OpenLength {
  readonly name: string;
  readonly size: number;
}

/** The name within the graph of an input or result whose second axis has an open length. */
const withinName = (name: string): string => `${name}:whole`;

/** Whether a port's second axis is of that length. */
export const hasLength = ({ value: { shape } }: Port, length: OpenLength | undefined): boolean =>
  length !== undefined && shape[1] === length.size;

/** The name that the graph has for a port. */
export const nameWithin = (port: Port, length: OpenLength | undefined): string =>
  hasLength(port, length) ? withinName(port.name) : port.name;

/** A port as the file has it. */
export const openPort = (port: Port, length: OpenLength | undefined): Port =>
  hasLength(port, length)
    ? { ...port, sizes: port.sizes.map((size, axis) => (axis === 1 ? length!.name : size)) }
    : port;

/**
 * Puts around a graph of a fixed length what lets the file take less: zeros after the inputs up to that length, and of
 * results of that length the places that the first input has.
 */
export function openLength(
  graph: GraphProto,
  inputs: readonly Port[],
  results: readonly Port[],
  length: OpenLength,
): void {
  const taken = new Set([...graph.node.flatMap(({ output }) => output), ...graph.initializer.map(({ name }) => name)]);
  const free = (name: string): string => {
    let own = name;
    for (let index = 1; taken.has(own); index++) own = `${name}${index}`;
    taken.add(own);
    return own;
  };
  const constant = (name: string, values: readonly number[]): string => {
    const own = free(name);
    const rawData = new Uint8Array(BigInt64Array.from(values, BigInt).buffer);
    graph.initializer.push(
      create(TensorProtoSchema, { name: own, dims: [BigInt(values.length)], dataType: DataType.INT64, rawData }),
    );
    return own;
  };
  const int = (name: string, value: number): ReturnType<typeof create<typeof AttributeProtoSchema>> =>
    create(AttributeProtoSchema, { name, type: AttributeType.INT, i: BigInt(value) });
  const node = (
    opType: string,
    input: readonly string[],
    output: string,
    attribute: ReturnType<typeof int>[] = [],
  ): ReturnType<typeof create<typeof NodeProtoSchema>> =>
    create(NodeProtoSchema, { opType, input: [...input], output: [output], attribute });

  const open = inputs.filter((port) => hasLength(port, length));
  const [here, missing, both] = ['length', 'missing', 'pads'].map((part) => free(`open-length:${part}`));
  const axis = constant('open-length:axis', [1]);
  const zero = constant('open-length:zero', [0]);
  const before = [
    node('Shape', [open[0]!.name], here!, [int('start', 1), int('end', 2)]),
    node('Sub', [constant('open-length:size', [length.size]), here!], missing!),
    node('Concat', [zero, missing!], both!, [int('axis', 0)]),
    ...open.map(({ name }) => node('Pad', [name, both!, '', axis], withinName(name))),
  ];
  const after = results
    .filter((port) => hasLength(port, length))
    .map(({ name }) => node('Slice', [withinName(name), zero, here!, axis], name));
  graph.node.unshift(...before);
  graph.node.push(...after);
}
