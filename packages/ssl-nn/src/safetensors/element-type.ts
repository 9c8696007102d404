import { CheckpointError, type NdData } from '@selfsup/ssl-tensor/host';

/** Bits per element of every type that the format defines. */
const elementBits = {
  BOOL: 8,
  F4: 4,
  F6_E2M3: 6,
  F6_E3M2: 6,
  U8: 8,
  I8: 8,
  F8_E5M2: 8,
  F8_E4M3: 8,
  F8_E8M0: 8,
  F8_E4M3FNUZ: 8,
  F8_E5M2FNUZ: 8,
  I16: 16,
  U16: 16,
  F16: 16,
  BF16: 16,
  I32: 32,
  U32: 32,
  F32: 32,
  C64: 64,
  F64: 64,
  I64: 64,
  U64: 64,
} as const;

/**
 * Bits per element, undefined for a type that the format did not know when this was written.
 *
 * Source: `Dtype` of https://github.com/huggingface/safetensors, version 0.7.
 */
export function bitsOf(dtype: string): number | undefined {
  return Object.hasOwn(elementBits, dtype) ? elementBits[dtype as keyof typeof elementBits] : undefined;
}

/**
 * The type that a host array is written as.
 *
 * @throws CheckpointError for an array of another kind, such as a Float64Array
 */
export function elementTypeOf(data: NdData): 'F32' | 'I32' | 'U8' {
  if (![Float32Array, Int32Array, Uint8Array].some((kind) => data instanceof kind))
    throw new CheckpointError(
      `${(data as NdData | undefined)?.constructor.name ?? String(data)} is not written here; tensors are Float32Array, Int32Array or Uint8Array`,
    );
  return data instanceof Float32Array ? 'F32' : data instanceof Int32Array ? 'I32' : 'U8';
}
