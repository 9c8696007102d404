import { endianness } from 'node:os';
import { DataError, type NdData } from '@selfsup/ssl-core';
import { decodeElement, elementBytes, type ElementFormat, memoryBytes } from './element-type.js';

const hostIsLittleEndian = endianness() === 'LE';

/**
 * Turns the bytes of an array's elements, in pieces of any length, into numbers in shared memory.
 *
 * bool and uint8 become `Uint8Array`, other integers `Int32Array`, reals and scaled numbers `Float32Array`.
 */
export class ElementReader {
  /** The numbers; those not yet read are 0. */
  readonly data: NdData;
  readonly #format: ElementFormat;
  readonly #size: number;
  readonly #path: string;
  readonly #start: number;
  /** Bytes of an element that a piece ended in. */
  readonly #carry = new Uint8Array(8);
  #carried = 0;
  #count = 0;

  /**
   * @param count elements in all; the caller has checked that they fit into memory
   * @param where for messages: the file, and the offset of its first element
   * @throws DataError when there is not that much memory
   */
  constructor(format: ElementFormat, count: number, where: { readonly path: string; readonly offset: number }) {
    this.#format = format;
    this.#size = elementBytes[format.type];
    this.#path = where.path;
    this.#start = where.offset;
    const bytes = count * memoryBytes(format);
    let buffer: SharedArrayBuffer;
    try {
      buffer = new SharedArrayBuffer(bytes);
    } catch (cause) {
      throw new DataError(`needs ${bytes} bytes of memory, which are not there`, { path: where.path, cause });
    }
    if (memoryBytes(format) === 1) this.data = new Uint8Array(buffer);
    else if (format.scale !== undefined || format.type.startsWith('float')) this.data = new Float32Array(buffer);
    else this.data = new Int32Array(buffer);
  }

  /** Bytes that are still to come. */
  get missing(): number {
    return (this.data.length - this.#count) * this.#size - this.#carried;
  }

  /**
   * @param bytes at most {@link missing} bytes
   * @throws DataError for a number that the array cannot hold
   */
  push(bytes: Uint8Array): void {
    if (this.#carried > 0) {
      const share = bytes.subarray(0, this.#size - this.#carried);
      this.#carry.set(share, this.#carried);
      this.#carried += share.length;
      bytes = bytes.subarray(share.length);
      if (this.#carried < this.#size) return;
      this.#decode(this.#carry, 1);
      this.#carried = 0;
    }
    const whole = Math.floor(bytes.length / this.#size);
    this.#decode(bytes, whole);
    const rest = bytes.subarray(whole * this.#size);
    this.#carry.set(rest);
    this.#carried = rest.length;
  }

  #decode(bytes: Uint8Array, count: number): void {
    const { data } = this;
    const { type, littleEndian, scale } = this.#format;
    const size = this.#size;
    const first = this.#count;
    this.#count += count;
    const asStored = type === 'uint8' || type === 'int32' || type === 'float32';
    if (scale === undefined && asStored && (size === 1 || littleEndian === hostIsLittleEndian)) {
      new Uint8Array(data.buffer).set(bytes.subarray(0, count * size), first * size);
      return;
    }
    const view = new DataView(bytes.buffer, bytes.byteOffset, count * size);
    const decode = decodeElement[type];
    const { slope, intercept } = scale ?? { slope: 1, intercept: 0 };
    const checked = scale !== undefined || size === 8 || type === 'uint32';
    for (let i = 0; i < count; i++) {
      const stored = decode(view, i * size, littleEndian);
      const value = scale === undefined ? stored : stored * slope + intercept;
      data[first + i] = value;
      if (checked && !holds(data[first + i]!, value, data instanceof Int32Array)) this.#refuse(value, first + i);
    }
  }

  #refuse(value: number, index: number): never {
    const kind = this.data instanceof Int32Array ? 'int32' : 'float32';
    throw new DataError(
      `element ${index} is ${value}, beyond ${kind}, the type that ${this.#format.type} is read into; store it as ${kind} or in a smaller range`,
      { path: this.#path, offset: this.#start + index * this.#size },
    );
  }
}

/** Reals may be rounded, but not to infinity. */
function holds(kept: number, value: number, integer: boolean): boolean {
  return integer ? kept === value : Number.isFinite(kept) || !Number.isFinite(value);
}
