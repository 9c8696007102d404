import { rename, writeFile } from 'node:fs/promises';
import type { NdArray } from '@selfsup/ssl-core';

/** Codes of element types in IDX files. */
const codes = { Uint8Array: 0x08, Float32Array: 0x0d } as const;

/** Writes bytes or reals as an IDX file, which `openIdx` and the peers read; whole or not at all. */
export async function writeIdx(path: string, { data, shape }: NdArray): Promise<void> {
  const code = codes[data.constructor.name as keyof typeof codes];
  const size = data.BYTES_PER_ELEMENT;
  const bytes = Buffer.alloc(4 + 4 * shape.length + size * data.length);
  bytes[2] = code;
  bytes[3] = shape.length;
  shape.forEach((side, axis) => bytes.writeUInt32BE(side, 4 + 4 * axis));
  const start = 4 + 4 * shape.length;
  if (size === 1) bytes.set(data as Uint8Array, start);
  else data.forEach((value, i) => bytes.writeFloatBE(value, start + 4 * i));
  await writeFile(`${path}.part`, bytes);
  await rename(`${path}.part`, path);
}
