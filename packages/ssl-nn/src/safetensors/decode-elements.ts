import { copyOf, type NdData } from '@selfsup/ssl-tensor/host';

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
const aligned = (bytes: Uint8Array): ArrayBuffer => copyOf(bytes).buffer as ArrayBuffer;

/** Why a tensor cannot be an array of this package, as the end of "it ...". */
export interface Unreadable {
  readonly reason: string;
}

/** Integers of 64 bits by their words, where each fits into 32 bits with a sign. */
function narrow(words: Int32Array, signed: boolean, dtype: string): Int32Array | Unreadable {
  const values = new Int32Array(words.length / 2);
  for (let i = 0; i < values.length; i++) {
    const low = words[2 * i]!;
    if (words[2 * i + 1] !== low >> 31 || (!signed && low < 0))
      return { reason: `holds at index ${i} a value of ${dtype} that does not fit into int32` };
    values[i] = low;
  }
  return values;
}

/** Doubles rounded to float32, where none becomes infinite by it. */
function rounded(values: Float64Array): Float32Array | Unreadable {
  const floats = Float32Array.from(values);
  const at = floats.findIndex((value, i) => Math.abs(value) === Infinity && Math.abs(values[i]!) !== Infinity);
  return at < 0 ? floats : { reason: `holds at index ${at} the value ${values[at]}, beyond float32` };
}

/**
 * Elements of one tensor. F32 stays as it is, bit for bit; F16 and BF16 become float32 exactly; F64 is rounded to the
 * nearest float32; I32, I16, U16 and I8 become int32 exactly, as do U32, I64 and U64 whose values fit; U8 and BOOL stay
 * bytes.
 *
 * @param bytes little-endian; the length is a multiple of the element's size
 * @returns a copy, or why there is none
 */
export function decodeElements(dtype: string, bytes: Uint8Array): NdData | Unreadable {
  switch (dtype) {
    case 'F32':
      return new Float32Array(aligned(bytes));
    case 'F16':
      return Float32Array.from(new Uint16Array(aligned(bytes)), half);
    case 'BF16': {
      const words = Uint32Array.from(new Uint16Array(aligned(bytes)), (bits) => bits << 16);
      return new Float32Array(words.buffer);
    }
    case 'F64':
      return rounded(new Float64Array(aligned(bytes)));
    case 'I32':
      return new Int32Array(aligned(bytes));
    case 'I16':
      return Int32Array.from(new Int16Array(aligned(bytes)));
    case 'U16':
      return Int32Array.from(new Uint16Array(aligned(bytes)));
    case 'I8':
      return Int32Array.from(new Int8Array(aligned(bytes)));
    case 'U32': {
      const values = new Int32Array(aligned(bytes));
      const at = values.findIndex((value) => value < 0);
      return at < 0 ? values : { reason: `holds at index ${at} a value of U32 that does not fit into int32` };
    }
    case 'I64':
    case 'U64':
      return narrow(new Int32Array(aligned(bytes)), dtype === 'I64', dtype);
    case 'U8':
    case 'BOOL':
      return copyOf(bytes);
    default:
      return { reason: `is of type ${dtype}, which cannot be read here` };
  }
}

/** Whether {@link decodeElements} reads the type, so that other tensors' bytes need not be fetched. */
export function isReadable(dtype: string): boolean {
  return !('reason' in decodeElements(dtype, new Uint8Array()));
}
