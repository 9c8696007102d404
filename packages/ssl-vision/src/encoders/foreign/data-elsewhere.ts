/** A field of a protobuf message: its number and, where it has a length, its bytes. */
interface Field {
  readonly number: number;
  readonly bytes: Uint8Array | undefined;
  readonly value: number;
}

/** Numbers of the fields that lead to tensors, by kind of message (onnx.proto of ONNX 1.15). */
const inside = {
  model: { 7: 'graph', 25: 'function' },
  graph: { 1: 'node', 5: 'tensor', 15: 'sparse' },
  function: { 7: 'node' },
  node: { 5: 'attribute' },
  attribute: { 5: 'tensor', 6: 'graph', 10: 'tensor', 11: 'graph', 22: 'sparse', 23: 'sparse' },
  sparse: { 1: 'tensor', 2: 'tensor' },
} as const;

type Kind = keyof typeof inside | 'tensor';

const [tensorName, externalData, dataLocation] = [8, 13, 14];
/** Graphs within graphs; the runtime itself takes fewer. */
const deepest = 64;

/**
 * Name of a tensor whose data is in another file, of which a model speaks by its path; undefined where there is none. Bytes
 * that are no model have none: the runtime says what is wrong with them.
 */
export function dataElsewhere(model: Uint8Array, kind: Kind = 'model', depth = 0): string | undefined {
  if (depth > deepest) return 'a graph too deep to look into';
  let name = 'a tensor without a name';
  let isElsewhere = false;
  for (const { number, bytes, value } of fieldsOf(model)) {
    if (kind === 'tensor') {
      if (number === tensorName && bytes !== undefined) name = `'${new TextDecoder().decode(bytes.subarray(0, 200))}'`;
      if (number === externalData || (number === dataLocation && value !== 0)) isElsewhere = true;
      continue;
    }
    const next = (inside[kind] as Readonly<Record<number, Kind>>)[number];
    const found = next === undefined || bytes === undefined ? undefined : dataElsewhere(bytes, next, depth + 1);
    if (found !== undefined) return found;
  }
  return isElsewhere ? name : undefined;
}

/** The fields of a message, up to where it is none. */
function* fieldsOf(message: Uint8Array): Generator<Field> {
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let scale = 1; at < message.length; scale *= 128) {
      const byte = message[at++]!;
      value += (byte & 127) * scale;
      if (byte < 128) return value;
    }
    return NaN;
  };
  while (at < message.length) {
    const tag = varint();
    const [number, type] = [Math.floor(tag / 8), tag % 8];
    if (type === 0) yield { number, bytes: undefined, value: varint() };
    else if (type === 1 || type === 5) {
      at += type === 1 ? 8 : 4;
      yield { number, bytes: undefined, value: 0 };
    } else if (type === 2) {
      const length = varint();
      if (!(at + length <= message.length)) return;
      yield { number, bytes: message.subarray(at, at + length), value: 0 };
      at += length;
      // A group's marks: its fields are taken for the message's.
    } else if (type !== 3 && type !== 4) return;
  }
}
