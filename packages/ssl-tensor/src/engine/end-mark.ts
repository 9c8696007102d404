import { create, toBinary } from '@bufbuild/protobuf';
import {
  GraphProtoSchema,
  ModelProtoSchema,
  NodeProtoSchema,
  TypeProto_SequenceSchema,
  TypeProto_TensorSchema,
  TypeProtoSchema,
  ValueInfoProtoSchema,
} from 'onnx-buf';

/** Name of the output that {@link endMark} adds. */
export const endMarkName = 'end_mark';

/** What the runtime's binding says of it, once a run has computed all outputs. */
export const endMarkMessage = 'Non tensor type is temporarily not supported.';

/**
 * The start of a model whose first output is an empty sequence; the bytes of a model follow, and a parser merges the two
 * (protobuf's rule for a message field that occurs twice).
 *
 * The runtime's binding copies every output into a new array after a run, also those that it has written into arrays it
 * was given, 80 ms for 100 MB. It converts outputs in their order and refuses sequences: asked for this one first, it
 * ends the run there, with everything computed and nothing copied (docs/decisions/008).
 */
export const endMark: Uint8Array = (() => {
  const tensor = create(TypeProtoSchema, {
    value: { case: 'tensorType', value: create(TypeProto_TensorSchema, { elemType: 1 }) },
  });
  const sequence = create(TypeProtoSchema, {
    value: { case: 'sequenceType', value: create(TypeProto_SequenceSchema, { elemType: tensor }) },
  });
  const graph = create(GraphProtoSchema, {
    node: [create(NodeProtoSchema, { name: endMarkName, opType: 'SequenceEmpty', output: [endMarkName] })],
    output: [create(ValueInfoProtoSchema, { name: endMarkName, type: sequence })],
  });
  return toBinary(ModelProtoSchema, create(ModelProtoSchema, { graph }));
})();
