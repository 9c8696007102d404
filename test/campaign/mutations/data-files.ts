import { readdirSync, readFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { gzipSync } from 'node:zlib';
import {
  CifarDataset,
  decodeImage,
  LmdbDataset,
  ManifestDataset,
  openIdx,
  openNifti,
  openNpy,
  openNpz,
  ParquetImageDataset,
  TextLineDataset,
  WebDataset,
} from '@selfsup/ssl-data';
import { mutateBytes } from '../../fuzz/mutate-bytes.js';
import { flipBit } from '../flip-bit.js';
import type { PlayCase } from '../kind.js';
import { outcomeOf, settle } from '../settled.js';

interface Seed {
  readonly name: string;
  readonly bytes: Uint8Array;
  /** What is done after the damage, so that it reaches the format inside. */
  readonly wrap?: (bytes: Uint8Array) => Uint8Array;
}

interface Format {
  readonly seeds: () => readonly Seed[];
  /** Reads a file to its end. */
  readonly read: (path: string) => Promise<unknown>;
  /** First bytes, which get most of the damage. */
  readonly headerBytes: number;
}

const goldens = join(import.meta.dirname, '../../golden');
const maxBytes = 2 ** 20;

function golden(folder: string, pattern: RegExp): Seed[] {
  return readdirSync(join(goldens, folder))
    .filter((name) => pattern.test(name))
    .map((name) => ({ name, bytes: readFileSync(join(goldens, folder, name)) }));
}

function idx(shape: readonly number[]): Buffer {
  const count = shape.reduce((product, side) => product * side, 1);
  const bytes = Buffer.alloc(4 + 4 * shape.length + count, 0x41);
  bytes.writeUInt32BE(0x0800 + shape.length);
  shape.forEach((side, axis) => bytes.writeUInt32BE(side, 4 + 4 * axis));
  return bytes;
}

interface RawDataset {
  readonly length: number;
  getRaw(index: number): unknown;
  close(): Promise<void>;
}

async function allOf(dataset: RawDataset): Promise<unknown> {
  try {
    const samples: unknown[] = [];
    for (let index = 0; index < Math.min(dataset.length, 200); index++) samples.push(await dataset.getRaw(index));
    return samples;
  } finally {
    await dataset.close();
  }
}

async function npzArrays(path: string): Promise<unknown> {
  const npz = await openNpz(path, { maxBytes, maxArrays: 100 });
  const arrays: unknown[] = [];
  for (const name of npz.names) arrays.push(name, await npz.get(name));
  return arrays;
}

function linesOf(length: number, get: (index: number) => unknown): unknown[] {
  return Array.from({ length }, (_, index) => get(index));
}

const manifest = Buffer.from(
  'id,image,label\n1,"a ""b"", c.png",12\n2,sub/d.png,7\n4,sub/../f.webp,3\n5,"g\nh.png",7\n',
);
const text = Buffer.from('\uFEFFone\r\ntwo äöü\n\n漢字 🦊\n');
const cifarRecord = Buffer.concat([Buffer.of(19, 99), Buffer.alloc(3072, 0x55)]);

const formats = {
  tar: {
    seeds: () => golden('webdataset', /\.tar$/),
    read: async (path) =>
      allOf(
        await WebDataset.open(path, {
          label: 'none',
          imageExtensions: ['jpg', 'png', 'bin'],
          maxSampleBytes: maxBytes,
        }),
      ),
    headerBytes: 12_000,
  },
  lmdb: {
    seeds: () => golden('data/lmdb', /^(?:numbers|folders|prefixes)\.mdb$/),
    read: async (path) => allOf(await LmdbDataset.open(path, { keyPrefix: '', maxSampleBytes: maxBytes })),
    headerBytes: 4096 + 152,
  },
  parquet: {
    seeds: () => golden('data/parquet', /^(?:hub-.*|pages-v2|small-pages|repeated|required)\.parquet$/),
    read: async (path) => allOf(await ParquetImageDataset.open(path, { maxRowGroupBytes: maxBytes, maxRows: 10_000 })),
    headerBytes: 10_000,
  },
  idx: {
    seeds: () => [
      { name: 'images', bytes: idx([5, 4, 3]) },
      { name: 'images.gz', bytes: idx([5, 4, 3]), wrap: gzipSync },
      { name: 'labels', bytes: idx([9]) },
    ],
    read: (path) => openIdx(path, { maxBytes }),
    headerBytes: 24,
  },
  npy: {
    seeds: () => golden('data/arrays', /^(?:b1|u1|i2|u4|f4|f8|fortran|version).*\.npy$/),
    read: (path) => openNpy(path, { maxBytes }),
    headerBytes: 128,
  },
  npz: { seeds: () => golden('data/arrays', /\.npz$/), read: npzArrays, headerBytes: 1200 },
  nifti: {
    seeds: () => golden('data/arrays', /\.nii(?:\.gz)?$/),
    read: (path) => openNifti(path, { maxBytes }),
    headerBytes: 400,
  },
  cifar: {
    seeds: () => [{ name: 'train.bin', bytes: Buffer.concat([cifarRecord, cifarRecord]) }],
    read: async (path) => {
      const { images, labels } = await CifarDataset.open(dirname(path), { variant: 100, split: 'train', maxBytes });
      return { images, labels };
    },
    headerBytes: 4,
  },
  text: {
    seeds: () => [
      { name: 'a.txt', bytes: text },
      { name: 'b.gz', bytes: gzipSync(text) },
      ...golden('data/zstd', /^(?:small|frames|level-19)\.zst$/),
    ],
    read: async (path) => {
      const dataset = await TextLineDataset.open(path, { maxBytes });
      return linesOf(dataset.length, (index) => dataset.get(index));
    },
    headerBytes: 700,
  },
  manifest: {
    seeds: () => [
      { name: 'a.csv', bytes: manifest },
      { name: 'b.csv.gz', bytes: manifest, wrap: gzipSync },
      {
        name: 'c.jsonl',
        bytes: Buffer.from('{"image":"a.png","label":1}\n{"image":"sub\\/b\\u00e4.png","label":2}\n'),
      },
    ],
    read: async (path) => {
      const dataset = await ManifestDataset.open(path, { maxBytes });
      // Damaged copies lie in other folders.
      const paths = linesOf(dataset.length, (index) => relative(dirname(path), dataset.path(index)));
      return { paths, labels: dataset.labels, classes: dataset.classes };
    },
    headerBytes: 200,
  },
} satisfies Record<string, Format>;

/** Reads mutated files of a format. */
export async function readMutants(folder: string, format: keyof typeof formats): Promise<PlayCase> {
  const { seeds: makeSeeds, read, headerBytes }: Format = formats[format];
  const seeds = await withDigests(folder, makeSeeds(), read);
  return async (random, number, describe) => {
    const [seed, donor] = [seeds[random.integer(seeds.length)]!, seeds[random.integer(seeds.length)]!];
    const { bytes, steps } = mutateBytes(seed.bytes, donor.bytes, random, headerBytes);
    describe(`${seed.name}: ${steps.join('; ')}`);
    // A folder of its own: indexes are kept beside files.
    const path = await write(join(folder, String(number)), seed.name, seed.wrap?.(bytes) ?? bytes);
    return outcomeOf(() => read(path), seed.digest, false);
  };
}

/** Flips single bits of files whose formats have checksums: any other result must be refused. */
export async function readChecksummed(folder: string): Promise<PlayCase> {
  const pictures = async (path: string): Promise<unknown> => decodeImage(path);
  const seeds = [
    ...(await withDigests(folder, [{ name: 'images.gz', bytes: gzipSync(idx([30, 4, 3])) }], formats.idx.read)),
    ...(await withDigests(folder, [{ name: 'b.csv.gz', bytes: gzipSync(manifest) }], formats.manifest.read)),
    ...(await withDigests(folder, golden('data/zstd', /^(?:small|level-19)\.zst$/), formats.text.read)),
    ...(await withDigests(folder, golden('data/arrays', /^(?:stored|deflated|cifar-rows)\.npz$/), npzArrays)),
    ...(await withDigests(folder, golden('data/arrays', /\.nii\.gz$/), formats.nifti.read)),
    ...(await withDigests(folder, golden('images', /^(?:color|grey|palette|bilevel)\.png$/), pictures)),
  ];
  return async (random, number, describe) => {
    const seed = seeds[random.integer(seeds.length)]!;
    const { bytes, what } = flipBit(seed.bytes, random);
    describe(`${seed.name}: ${what}`);
    const path = await write(join(folder, String(number)), seed.name, bytes);
    return outcomeOf(() => seed.read(path), seed.digest, true);
  };
}

async function withDigests(
  folder: string,
  seeds: readonly Seed[],
  read: Format['read'],
): Promise<(Seed & { readonly digest: string; readonly read: Format['read'] })[]> {
  const found = [];
  for (const seed of seeds) {
    const path = await write(join(folder, 'seeds', seed.name), seed.name, seed.wrap?.(seed.bytes) ?? seed.bytes);
    const good = await settle(() => read(path));
    if ('refused' in good) throw new RangeError(`the undamaged ${seed.name} is refused: ${good.refused.message}`);
    found.push({ ...seed, digest: good.digest, read });
  }
  return found;
}

async function write(folder: string, name: string, bytes: Uint8Array): Promise<string> {
  await mkdir(folder, { recursive: true });
  const path = join(folder, name);
  await writeFile(path, bytes);
  return path;
}
