/** Type of one element of an array in a file. */
export type ElementType =
  | 'bool'
  | 'uint8'
  | 'int8'
  | 'uint16'
  | 'int16'
  | 'uint32'
  | 'int32'
  | 'uint64'
  | 'int64'
  | 'float16'
  | 'float32'
  | 'float64';

/** How a file holds numbers. */
export interface ElementFormat {
  readonly type: ElementType;
  readonly littleEndian: boolean;
  /** Stored numbers mean `slope * value + intercept`, kept as float32. */
  readonly scale?: { readonly slope: number; readonly intercept: number };
}

/** Bytes of one element in a file. */
export const elementBytes: Readonly<Record<ElementType, number>> = {
  bool: 1,
  uint8: 1,
  int8: 1,
  uint16: 2,
  int16: 2,
  uint32: 4,
  int32: 4,
  uint64: 8,
  int64: 8,
  float16: 2,
  float32: 4,
  float64: 8,
};

/** Bytes of one element in memory: bool and uint8 stay bytes, other integers become int32, reals float32. */
export function memoryBytes({ type, scale }: ElementFormat): number {
  return scale === undefined && (type === 'uint8' || type === 'bool') ? 1 : 4;
}

/** Reads one element, exact in a double; integers of 64 bits are exact as far as int32 reaches. */
export const decodeElement: Readonly<Record<ElementType, (view: DataView, at: number, little: boolean) => number>> = {
  bool: (view, at) => (view.getUint8(at) === 0 ? 0 : 1),
  uint8: (view, at) => view.getUint8(at),
  int8: (view, at) => view.getInt8(at),
  uint16: (view, at, little) => view.getUint16(at, little),
  int16: (view, at, little) => view.getInt16(at, little),
  uint32: (view, at, little) => view.getUint32(at, little),
  int32: (view, at, little) => view.getInt32(at, little),
  uint64: (view, at, little) =>
    view.getUint32(little ? at + 4 : at, little) * 2 ** 32 + view.getUint32(little ? at : at + 4, little),
  int64: (view, at, little) =>
    view.getInt32(little ? at + 4 : at, little) * 2 ** 32 + view.getUint32(little ? at : at + 4, little),
  float16: (view, at, little) => decodeHalf(view.getUint16(at, little)),
  float32: (view, at, little) => view.getFloat32(at, little),
  float64: (view, at, little) => view.getFloat64(at, little),
};

/** IEEE 754 binary16. Node.js 20 has no `DataView.getFloat16`. */
function decodeHalf(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 0x1f) return fraction === 0 ? sign * Infinity : NaN;
  return sign * (1024 + fraction) * 2 ** (exponent - 25);
}
