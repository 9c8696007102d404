/** Bytes of WebAssembly code that leave one value on the stack, or none. */
export type Code = readonly number[];

export type WasmType = 'i32' | 'f32' | 'v128';

export const typeByte: Readonly<Record<WasmType, number>> = { i32: 0x7f, f32: 0x7d, v128: 0x7b };

/** LEB128, unsigned. */
export function unsigned(value: number): number[] {
  const bytes: number[] = [];
  for (let rest = value; ; rest >>>= 7) {
    if (rest < 128) return [...bytes, rest];
    bytes.push((rest & 127) | 128);
  }
}

function signed(value: number): number[] {
  const bytes: number[] = [];
  for (let rest = value; ; rest >>= 7) {
    if (rest >= -64 && rest < 64) return [...bytes, rest & 127];
    bytes.push((rest & 127) | 128);
  }
}

type Instruction = (...operands: readonly Code[]) => Code;

const plain =
  (opcode: number): Instruction =>
  (...operands) => [...operands.flat(), opcode];
const simd =
  (opcode: number, ...immediates: readonly number[]): Instruction =>
  (...operands) => [...operands.flat(), 0xfd, ...unsigned(opcode), ...immediates];
/** No alignment is promised, and the offset is 0. */
const unaligned = [0, 0] as const;

export const i32 = {
  const: (value: number): Code => [0x41, ...signed(value)],
  load: (address: Code): Code => [...address, 0x28, ...unaligned],
  add: plain(0x6a),
  mul: plain(0x6c),
  shl: plain(0x74),
  lessUnsigned: plain(0x49),
} as const;

/** The instructions of the kernels, named as in the specification; operands come first to last. */
export const v128 = {
  load: simd(0x00, ...unaligned),
  load8x8u: simd(0x02, ...unaligned),
  load32Splat: (address: Code, offset = 0): Code => simd(0x09, 0, ...unsigned(offset))(address),
  store: simd(0x0b, ...unaligned),
  store32: simd(0x5a, ...unaligned, 0),
  store64: simd(0x5b, ...unaligned, 0),
  and: simd(0x4e),
  or: simd(0x50),
  /** Bits of the first where the mask has ones, of the second elsewhere. */
  bitselect: simd(0x52),
  /** 16 bytes, first to last. */
  const: (bytes: readonly number[]): Code => simd(0x0c, ...bytes)(),
  /** Bytes 0..15 are those of the first operand, 16..31 those of the second. */
  shuffle: (bytes: readonly number[], first: Code, second: Code): Code => simd(0x0d, ...bytes)(first, second),
} as const;

export const i8x16 = {
  narrowI16x8u: simd(0x66),
  /** The bytes at the given places; 0 where there is none. */
  swizzle: simd(0x0e),
} as const;

export const i16x8 = {
  narrowI32x4s: simd(0x85),
  extendLowI8x16u: simd(0x89),
  extendHighI8x16u: simd(0x8a),
  add: simd(0x8e),
} as const;

export const i32x4 = {
  splat: simd(0x11),
  extractLane: (lane: number, vector: Code): Code => simd(0x1b, lane)(vector),
  equal: simd(0x37),
  extendLowI16x8u: simd(0xa9),
  extendHighI16x8u: simd(0xaa),
  shl: simd(0xab),
  shrS: simd(0xac),
  add: simd(0xae),
  sub: simd(0xb1),
  mul: simd(0xb5),
  minS: simd(0xb6),
  maxS: simd(0xb8),
  dotI16x8s: simd(0xba),
  truncSatF32x4s: simd(0xf8),
  truncSatF64x2sZero: simd(0xfc),
} as const;

export const f32x4 = {
  const: (value: number): Code => simd(0x13)([0x43, ...new Uint8Array(Float32Array.of(value).buffer)]),
  splat: simd(0x13),
  add: simd(0xe4),
  sub: simd(0xe5),
  mul: simd(0xe6),
  div: simd(0xe7),
  min: simd(0xe8),
  max: simd(0xe9),
  convertI32x4s: simd(0xfa),
  demoteF64x2Zero: simd(0x5e),
} as const;

export const f64x2 = {
  const: (value: number): Code => simd(0x14)([0x44, ...new Uint8Array(Float64Array.of(value).buffer)]),
  promoteLowF32x4: simd(0x5f),
  convertLowI32x4s: simd(0xfe),
  floor: simd(0x75),
  greaterOrEqual: simd(0x4c),
  add: simd(0xf0),
  sub: simd(0xf1),
  mul: simd(0xf2),
  div: simd(0xf3),
} as const;
