import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { FuzzSeed } from './describe-fuzz.js';

/** Files of a folder under `test/golden/data`: whole, with damage to the footer alone, and to the pages alone. */
export function parquetSeeds(folder: string, names: readonly string[]): FuzzSeed[] {
  const seeds = names.map((name) => ({
    name: `${name}.parquet`,
    bytes: readFileSync(join(import.meta.dirname, '../golden/data', folder, `${name}.parquet`)),
  }));
  const startOf = (bytes: Buffer): number => bytes.length - 8 - bytes.readUInt32LE(bytes.length - 8);

  /** Its bytes come first, and go to the end. */
  const footers = seeds.map(({ name, bytes }) => {
    const start = startOf(bytes);
    return {
      name: `footer-${name}`,
      bytes: bytes.subarray(start, -8),
      wrap: (footer: Uint8Array) => {
        const length = Buffer.alloc(4);
        length.writeUInt32LE(footer.length);
        return Buffer.concat([bytes.subarray(0, start), footer, length, bytes.subarray(-4)]);
      },
    };
  });

  const pages = seeds.map(({ name, bytes }) => {
    const start = startOf(bytes);
    return {
      name: `pages-${name}`,
      bytes: bytes.subarray(0, start),
      // The footer stays where it says it is.
      wrap: (data: Uint8Array) =>
        Buffer.concat([Buffer.concat([data, Buffer.alloc(start)], start), bytes.subarray(start)]),
    };
  });
  return [...seeds, ...footers, ...pages];
}
