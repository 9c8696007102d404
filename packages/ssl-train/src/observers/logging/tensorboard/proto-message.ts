const wireTypes = { varint: 0, double: 1, bytes: 2, float: 5 } as const;

function varint(value: number): Buffer {
  const bytes: number[] = [];
  // By division: steps may have more than 32 bits.
  for (; value >= 0x80; value = Math.floor(value / 0x80)) bytes.push((value % 0x80) | 0x80);
  bytes.push(value);
  return Buffer.from(bytes);
}

/** A protobuf message under construction: fields in the order in which they are given. Numbers of `int` are 0 or more. */
export class ProtoMessage {
  readonly #parts: Uint8Array[] = [];

  int(field: number, value: number): this {
    return this.#add(field, 'varint', varint(value));
  }

  float(field: number, value: number): this {
    const bytes = Buffer.alloc(4);
    bytes.writeFloatLE(value);
    return this.#add(field, 'float', bytes);
  }

  double(field: number, value: number): this {
    return this.#add(field, 'double', doubles([value]));
  }

  /** Repeated, packed. */
  doubles(field: number, values: readonly number[]): this {
    return this.bytes(field, doubles(values));
  }

  string(field: number, value: string): this {
    return this.bytes(field, Buffer.from(value));
  }

  message(field: number, value: ProtoMessage): this {
    return this.bytes(field, value.encoded());
  }

  bytes(field: number, value: Uint8Array): this {
    return this.#add(field, 'bytes', varint(value.length), value);
  }

  encoded(): Buffer {
    return Buffer.concat(this.#parts);
  }

  #add(field: number, type: keyof typeof wireTypes, ...parts: readonly Uint8Array[]): this {
    this.#parts.push(varint(field * 8 + wireTypes[type]), ...parts);
    return this;
  }
}

function doubles(values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(8 * values.length);
  values.forEach((value, index) => bytes.writeDoubleLE(value, 8 * index));
  return bytes;
}
