import { maskedCrc32c } from './crc32c.js';

/**
 * A record of a TFRecord file: length (64 bits), its masked CRC-32C, data, its masked CRC-32C, little-endian.
 * Source: TensorFlow, `core/lib/io/record_writer.h`.
 */
export function tfRecord(data: Uint8Array): Buffer {
  const record = Buffer.alloc(data.length + 16);
  record.writeBigUInt64LE(BigInt(data.length), 0);
  record.writeUInt32LE(maskedCrc32c(record.subarray(0, 8)), 8);
  record.set(data, 12);
  record.writeUInt32LE(maskedCrc32c(data), 12 + data.length);
  return record;
}
