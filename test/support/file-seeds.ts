import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

/** A whole file, from which tests make damaged and hostile ones. */
export interface FileSeed {
  readonly name: string;
  readonly bytes: Uint8Array;
  /** What is done after the damage, so that it reaches the format inside. */
  readonly wrap?: (bytes: Uint8Array) => Uint8Array;
}

const goldens = join(import.meta.dirname, '../golden');

/** Goldens of a folder whose names fit. */
export function goldenSeeds(folder: string, pattern: RegExp): FileSeed[] {
  return readdirSync(join(goldens, folder))
    .filter((name) => pattern.test(name))
    .map((name) => ({ name, bytes: readFileSync(join(goldens, folder, name)) }));
}

/**
 * An IDX file.
 *
 * @param type of the elements, 0x08 = uint8
 * @param claimed shape in the header, where it lies. Default: that of the elements
 */
export function idxFile(shape: readonly number[], type = 0x08, elementBytes = 1, claimed = shape): Buffer {
  const count = shape.reduce((product, side) => product * side, 1);
  const bytes = Buffer.alloc(4 + 4 * shape.length + elementBytes * count, 0x41);
  bytes.writeUInt32BE(type * 256 + shape.length);
  claimed.forEach((side, axis) => bytes.writeUInt32BE(side, 4 + 4 * axis));
  return bytes;
}

/** A record of CIFAR-100: two labels and an image. */
export const cifarRecord: Buffer = Buffer.concat([Buffer.of(19, 99), Buffer.alloc(3072, 0x55)]);

/** A table with quotes, a line end within a field and a path that goes up. */
export const csvTable: Buffer = Buffer.from(
  'id,image,label\n1,"a ""b"", c.png",12\n2,sub/d.png,7\n4,sub/../f.webp,3\n5,"g\nh.png",7\n',
);

/** Text with a byte order mark, both line ends and characters of two, three and four bytes. */
export const textLines: Buffer = Buffer.from('\uFEFFone\r\ntwo äöü\n\n漢字 🦊\n');

/** Seeds by format. */
export const fileSeeds = {
  tar: () => goldenSeeds('webdataset', /\.tar$/),
  lmdb: () => goldenSeeds('data/lmdb', /^(?:numbers|folders|prefixes)\.mdb$/),
  parquet: () => goldenSeeds('data/parquet', /^(?:hub-.*|pages-v2|small-pages|repeated|required)\.parquet$/),
  idx: () => [
    { name: 'images', bytes: idxFile([5, 4, 3]) },
    { name: 'images.gz', bytes: idxFile([5, 4, 3]), wrap: gzipSync },
    { name: 'labels', bytes: idxFile([9]) },
  ],
  npy: () => goldenSeeds('data/arrays', /^(?:b1|u1|i2|u4|f4|f8|fortran|version).*\.npy$/),
  npz: () => goldenSeeds('data/arrays', /\.npz$/),
  nifti: () => goldenSeeds('data/arrays', /\.nii(?:\.gz)?$/),
  cifar: () => [{ name: 'train.bin', bytes: Buffer.concat([cifarRecord, cifarRecord]) }],
  text: () => [
    { name: 'a.txt', bytes: textLines },
    { name: 'b.gz', bytes: gzipSync(textLines) },
    ...goldenSeeds('data/zstd', /^(?:small|frames|level-19)\.zst$/),
  ],
  manifest: () => [
    { name: 'a.csv', bytes: csvTable },
    { name: 'b.csv.gz', bytes: csvTable, wrap: gzipSync },
    {
      name: 'c.jsonl',
      bytes: Buffer.from('{"image":"a.png","label":1}\n{"image":"sub\\/b\\u00e4.png","label":2}\n'),
    },
  ],
} satisfies Record<string, () => FileSeed[]>;
