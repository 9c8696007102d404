import { DataError } from '@selfsup/ssl-core';

/** A structure: values by field number. */
export type ThriftStruct = ReadonlyMap<number, ThriftValue>;
export type ThriftValue = boolean | number | bigint | Uint8Array | readonly ThriftValue[] | ThriftStruct;

/** The format nests eight deep; a stranger's file must not fill the stack. */
const maxDepth = 20;

/** The header of a page has some twenty, statistics included. */
const maxHeaderValues = 10_000;

/**
 * Reads a page's header, a structure in Thrift's compact protocol. Every claimed length is checked against the bytes that are there, so
 * that a footer that passes here is safe for readers that trust such lengths.
 *
 * @returns the structure and the place after it
 * @throws DataError
 * Source: Thrift's compact protocol specification.
 */
export function readThrift(bytes: Buffer, offset: number): { readonly value: ThriftStruct; readonly end: number } {
  const reader = new ThriftReader(bytes, offset, true, maxHeaderValues);
  return { value: reader.struct(0), end: reader.at };
}

/**
 * Looks through a structure as {@link readThrift} does and keeps nothing of it.
 *
 * @param maxValues that it may have, of all depths: a byte is enough for one, and readers keep an object for each
 * @throws DataError
 */
export function checkThrift(bytes: Buffer, offset: number, maxValues: number): void {
  new ThriftReader(bytes, offset, false, maxValues).struct(0);
}

const nothing: ThriftStruct = new Map();

class ThriftReader {
  at: number;
  readonly #bytes: Buffer;
  readonly #keeps: boolean;
  readonly #maxValues: number;
  #count = 0;

  constructor(bytes: Buffer, at: number, keeps: boolean, maxValues: number) {
    this.#bytes = bytes;
    this.at = at;
    this.#keeps = keeps;
    this.#maxValues = maxValues;
  }

  struct(depth: number): ThriftStruct {
    if (depth > maxDepth) throw broken('is nested too deeply');
    const fields = this.#keeps ? new Map<number, ThriftValue>() : undefined;
    let field = 0;
    for (;;) {
      const head = this.#byte();
      if (head === 0) return fields ?? nothing;
      field = head >> 4 === 0 ? Number(zigZag(this.#varint())) : field + (head >> 4);
      const value = this.#value(head & 15, depth);
      fields?.set(field, value);
    }
  }

  #value(type: number, depth: number): ThriftValue {
    if (++this.#count > this.#maxValues) throw broken(`has more than ${this.#maxValues} values`);
    switch (type) {
      case 1:
      case 2:
        return type === 1;
      case 3:
        return (this.#byte() << 24) >> 24;
      case 4:
      case 5:
        return Number(zigZag(this.#varint()));
      case 6:
        return zigZag(this.#varint());
      case 7:
        return this.#take(8).readDoubleLE(0);
      case 8:
        return this.#take(Number(this.#varint()));
      case 9:
        return this.#list(depth + 1);
      case 12:
        return this.struct(depth + 1);
      default:
        throw broken(`has a value of the unknown type ${type}`);
    }
  }

  #list(depth: number): readonly ThriftValue[] {
    if (depth > maxDepth) throw broken('is nested too deeply');
    const head = this.#byte();
    const type = head & 15;
    const length = head >> 4 === 15 ? Number(this.#varint()) : head >> 4;
    // One byte each at least.
    if (length > this.#bytes.length - this.at) throw broken('claims more values than it has bytes');
    const values: ThriftValue[] = [];
    for (let index = 0; index < length; index++) {
      const value = this.#value(type, depth);
      const isFlag = type === 1 || type === 2;
      // In lists they stand as bytes.
      const kept = isFlag ? this.#byte() === 1 : value;
      if (this.#keeps) values.push(kept);
    }
    return values;
  }

  #varint(): bigint {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = this.#byte();
      value |= BigInt(byte & 127) << shift;
      if (byte < 128) return value;
    }
    throw broken('has a number without end');
  }

  #byte(): number {
    const byte = this.#bytes[this.at++];
    if (byte === undefined) throw broken('ends within a structure');
    return byte;
  }

  #take(length: number): Buffer {
    if (length > this.#bytes.length - this.at) throw broken('ends within a value');
    this.at += length;
    return this.#bytes.subarray(this.at - length, this.at);
  }
}

function zigZag(value: bigint): bigint {
  return (value >> 1n) ^ -(value & 1n);
}

function broken(what: string): DataError {
  return new DataError(`Thrift ${what}`);
}
