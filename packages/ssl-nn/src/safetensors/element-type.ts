import { CheckpointError, type NdData } from 'ssl-tensor/host';

/** Element types of a safetensors file that can be read. Written are F32, I32 and U8. */
export type ElementType = 'F32' | 'F16' | 'BF16' | 'I32' | 'I64' | 'U8' | 'BOOL';

/** Bytes per element. */
export const elementBytes: ReadonlyMap<string, number> = new Map<ElementType, number>([
  ['F32', 4],
  ['F16', 2],
  ['BF16', 2],
  ['I32', 4],
  ['I64', 8],
  ['U8', 1],
  ['BOOL', 1],
]);

/** The type that a host array is written as. */
export function elementTypeOf(data: NdData): ElementType {
  return data instanceof Float32Array ? 'F32' : data instanceof Int32Array ? 'I32' : 'U8';
}

/** A half-precision number by its bits. */
function half(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >>> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction === 0 ? sign * Infinity : NaN;
  return sign * (1024 + fraction) * 2 ** (exponent - 25);
}

/** A copy of `bytes` that starts at an aligned address. */
const aligned = (bytes: Uint8Array): ArrayBuffer => bytes.slice().buffer as ArrayBuffer;

/**
 * Elements of one tensor.
 *
 * @param bytes little-endian; the length is a multiple of the element's size
 * @throws CheckpointError when an I64 element does not fit into 32 bits
 */
export function decodeElements(type: ElementType, bytes: Uint8Array, parameter: string): NdData {
  switch (type) {
    case 'F32':
      return new Float32Array(aligned(bytes));
    case 'I32':
      return new Int32Array(aligned(bytes));
    case 'U8':
    case 'BOOL':
      return bytes.slice();
    case 'F16':
      return Float32Array.from(new Uint16Array(aligned(bytes)), half);
    case 'BF16': {
      const words = Uint32Array.from(new Uint16Array(aligned(bytes)), (bits) => bits << 16);
      return new Float32Array(words.buffer);
    }
    case 'I64': {
      const words = new Int32Array(aligned(bytes));
      const values = new Int32Array(words.length / 2);
      for (let i = 0; i < values.length; i++) {
        const low = words[2 * i]!;
        if (words[2 * i + 1] !== low >> 31) {
          throw new CheckpointError(
            `'${parameter}' holds at index ${i} an I64 value that does not fit into 32 bits. Save it as I32 or F32`,
            { parameter },
          );
        }
        values[i] = low;
      }
      return values;
    }
  }
}
