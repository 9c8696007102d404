import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A message by its field numbers: numbers of varints and floats, bytes of all else. */
export type Fields = Map<number, (number | Buffer)[]>;

/** Bit by bit. */
function naiveMaskedCrc(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes)
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (((crc ^ (byte >>> bit)) & 1) * 0x82f63b78);
  crc = ~crc >>> 0;
  const rotated = BigInt(crc >>> 15) | BigInt.asUintN(32, BigInt(crc) << 17n);
  return Number((rotated + 0xa282ead8n) % 2n ** 32n);
}

/** The records of a TFRecord file, each with its checksums compared. */
export function readRecords(bytes: Buffer): Buffer[] {
  const records: Buffer[] = [];
  for (let at = 0; at < bytes.length;) {
    const length = Number(bytes.readBigUInt64LE(at));
    const data = bytes.subarray(at + 12, at + 12 + length);
    if (bytes.readUInt32LE(at + 8) !== naiveMaskedCrc(bytes.subarray(at, at + 8))) throw new RangeError('length');
    if (bytes.readUInt32LE(at + 12 + length) !== naiveMaskedCrc(data)) throw new RangeError('data');
    records.push(data);
    at += length + 16;
  }
  return records;
}

export function readMessage(bytes: Buffer): Fields {
  const fields: Fields = new Map();
  let at = 0;
  const varint = (): number => {
    for (let value = 0n, shift = 0n; ; shift += 7n) {
      const byte = bytes[at++]!;
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return Number(value);
    }
  };
  while (at < bytes.length) {
    const key = varint();
    const [field, type] = [key >>> 3, key & 7];
    let value: number | Buffer;
    if (type === 0) value = varint();
    else if (type === 1) value = bytes.readDoubleLE((at += 8) - 8);
    else if (type === 5) value = bytes.readFloatLE((at += 4) - 4);
    else {
      const length = varint();
      value = bytes.subarray(at, (at += length));
    }
    fields.set(field, [...(fields.get(field) ?? []), value]);
  }
  return fields;
}

/** One value of an event: its tag, and the fields of the summary. */
export interface EventValue {
  readonly step: number;
  readonly tag: string;
  readonly fields: Fields;
}

const eventFiles = (folder: string): string[] =>
  readdirSync(folder)
    .filter((name) => name.includes('tfevents'))
    .sort();

/** What TensorBoard keeps of a folder: all values of its files in order, without those that a start takes back. */
export function readEvents(folder: string): EventValue[] {
  let values: EventValue[] = [];
  for (const name of eventFiles(folder))
    for (const [index, record] of readRecords(readFileSync(join(folder, name))).entries()) {
      const event = readMessage(record);
      const step = Number(event.get(2)?.[0] ?? 0);
      if (index === 0 && String(event.get(3)?.[0]) !== 'brain.Event:2') throw new RangeError('no version');
      if (event.has(7)) values = values.filter((value) => value.step < step);
      for (const summary of event.get(5) ?? [])
        for (const value of readMessage(summary as Buffer).get(1) ?? []) {
          const fields = readMessage(value as Buffer);
          values.push({ step, tag: String(fields.get(1)![0]), fields });
        }
    }
  return values;
}
