type Crc32 = (bytes: Uint8Array, before?: number) => number;

/** Node's own, about 5 GB/s; other hosts have none. */
const native = (
  globalThis as { process?: { getBuiltinModule?: (name: string) => { crc32?: Crc32 } | undefined } }
).process?.getBuiltinModule?.('node:zlib')?.crc32;

let table: Uint32Array | undefined;

/** CRC of each byte value. */
function makeTable(): Uint32Array {
  return Uint32Array.from({ length: 256 }, (_, byte) => {
    let value = byte;
    for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
    return value;
  });
}

/** {@link crc32} where the host has none. */
export function portableCrc32(bytes: Uint8Array, before = 0): number {
  table ??= makeTable();
  let value = ~before;
  for (let index = 0; index < bytes.length; index++) value = table[(value ^ bytes[index]!) & 255]! ^ (value >>> 8);
  return ~value >>> 0;
}

/**
 * CRC-32 as in zlib, PNG and Ethernet (polynomial 0xEDB88320, reflected): notices every single flipped bit and every
 * burst of up to 32.
 *
 * @param before CRC of what came before these bytes. Default 0: nothing
 * Source: ISO 3309; RFC 1952, section 8.
 */
export const crc32: Crc32 = native ?? portableCrc32;
