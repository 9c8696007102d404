import { create, toBinary } from '@bufbuild/protobuf';
import { ModelProtoSchema, OperatorSetIdProtoSchema, StringStringEntryProtoSchema, TensorProtoSchema } from 'onnx-buf';
import { ExportError } from '../errors/export-error.js';
import { describeValue, encodeGraph, irVersion, onnxType, opset } from '../graph/encode-model.js';
import type { Rewritten } from '../graph/rewrite.js';
import { scheduleNodes } from '../graph/schedule.js';
import { bytesOf, type HostData, type Value } from '../graph/value.js';
import { nameWithin, type OpenLength, openLength, openPort } from './open-length.js';

/** A tensor that the file holds. */
export interface Weight {
  readonly name: string;
  readonly value: Value;
  readonly data: HostData;
}

/** An input or output of the file: its name, and the sizes of its axes, of which those that are open have names. */
export interface Port {
  readonly name: string;
  readonly value: Value;
  readonly sizes: readonly (number | string)[];
}

/** What a file says besides its graph. */
export interface FileHead {
  readonly name: string;
  readonly doc: string;
  readonly metadata: Readonly<Record<string, string>>;
  /** What the second axis is where it may be shorter than the graph has it. */
  readonly length?: OpenLength;
}

/** What a protocol buffer can hold, less room for the nodes. */
const mostBytes = 2 ** 31 - 2 ** 24;

/** @throws ExportError when the tensors are too large for one file, which names the largest */
export function checkFileSize(tensors: readonly Pick<Weight, 'name' | 'value'>[]): void {
  const bytes = tensors.reduce((sum, { value }) => sum + bytesOf(value), 0);
  if (bytes <= mostBytes) return;
  const [largest] = tensors.toSorted((a, b) => bytesOf(b.value) - bytesOf(a.value));
  throw new ExportError(
    `'${largest!.name}' [${largest!.value.shape.join(', ')}]`,
    `is the largest of tensors of ${(bytes / 2 ** 30).toFixed(1)} GiB together, and an ONNX file holds less than 2 GiB`,
    'Export parts of the model as files of their own; tensors in files beside it are not written',
  );
}

/** A graph as the bytes of an ONNX file of standard ops. */
export function encodeFile(
  { graph, outputs }: Rewritten,
  inputs: readonly Port[],
  results: readonly Port[],
  weights: readonly Weight[],
  head: FileHead,
): Uint8Array {
  const schedule = scheduleNodes([...outputs.values()]);
  const used = weights.filter(({ value }) => schedule.inputs.has(value));
  checkFileSize([
    ...used,
    ...schedule.constants.filter(({ splat }) => splat === undefined).map((value) => ({ name: value.name, value })),
  ]);
  const { length } = head;
  const names = new Map([
    ...inputs.map((port) => [port.value, nameWithin(port, length)] as const),
    ...weights.map(({ name, value }) => [value, name] as const),
  ]);
  const within = new Map(results.map((port) => [nameWithin(port, length), port.value]));
  const encoded = encodeGraph('step', schedule, graph.inputs, within, names);
  encoded.name = head.name;
  // The standard wants a node after those that it takes from.
  encoded.node.reverse();
  const describe = (port: Port): ReturnType<typeof describeValue> => {
    const { name, value, sizes } = openPort(port, length);
    return describeValue(name, value, sizes);
  };
  encoded.input = inputs.map(describe);
  encoded.output = results.map(describe);
  if (length !== undefined) openLength(encoded, inputs, results, length);
  for (const { name, value, data } of used)
    encoded.initializer.push(
      create(TensorProtoSchema, {
        name,
        dims: value.shape.map(BigInt),
        dataType: onnxType(value.type),
        rawData: new Uint8Array(data.buffer as ArrayBuffer, data.byteOffset, data.byteLength),
      }),
    );
  const model = create(ModelProtoSchema, {
    irVersion,
    producerName: '@selfsup/ssl-tensor',
    docString: head.doc,
    opsetImport: [create(OperatorSetIdProtoSchema, { domain: '', version: opset })],
    metadataProps: Object.entries(head.metadata).map(([key, value]) =>
      create(StringStringEntryProtoSchema, { key, value }),
    ),
    graph: encoded,
  });
  return toBinary(ModelProtoSchema, model);
}
