import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { mutateBytes } from '../../fuzz/mutate-bytes.js';
import { type FileReader, fileReaders } from '../../support/file-readers.js';
import { csvTable, type FileSeed, fileSeeds, goldenSeeds, idxFile } from '../../support/file-seeds.js';
import { flipBit } from '../flip-bit.js';
import type { PlayCase } from '../kind.js';
import { outcomeOf, settle } from '../settled.js';

const readers = fileReaders(2 ** 20);

/** First bytes of each format, which get most of the damage. */
const headerBytes = {
  tar: 12_000,
  lmdb: 4096 + 152,
  parquet: 10_000,
  idx: 24,
  npy: 128,
  npz: 1200,
  nifti: 400,
  cifar: 4,
  text: 700,
  manifest: 200,
} satisfies Record<keyof typeof fileSeeds, number>;

/** Reads mutated files of a format. */
export async function readMutants(folder: string, format: keyof typeof fileSeeds): Promise<PlayCase> {
  const { read }: FileReader = readers[format];
  const seeds = await withDigests(folder, fileSeeds[format](), read);
  return async (random, number, describe) => {
    const [seed, donor] = [seeds[random.integer(seeds.length)]!, seeds[random.integer(seeds.length)]!];
    const { bytes, steps } = mutateBytes(seed.bytes, donor.bytes, random, headerBytes[format]);
    describe(`${seed.name}: ${steps.join('; ')}`);
    // A folder of its own: indexes are kept beside files.
    const path = await write(join(folder, String(number)), seed.name, seed.wrap?.(bytes) ?? bytes);
    return outcomeOf(() => read(path), seed.digest, false);
  };
}

/** Flips single bits of files whose formats have checksums: any other result must be refused. */
export async function readChecksummed(folder: string): Promise<PlayCase> {
  const seeds = [
    ...(await withDigests(folder, [{ name: 'images.gz', bytes: gzipSync(idxFile([30, 4, 3])) }], readers.idx.read)),
    ...(await withDigests(folder, [{ name: 'b.csv.gz', bytes: gzipSync(csvTable) }], readers.manifest.read)),
    ...(await withDigests(folder, goldenSeeds('data/zstd', /^(?:small|level-19)\.zst$/), readers.text.read)),
    ...(await withDigests(
      folder,
      goldenSeeds('data/arrays', /^(?:stored|deflated|cifar-rows)\.npz$/),
      readers.npz.read,
    )),
    ...(await withDigests(folder, goldenSeeds('data/arrays', /\.nii\.gz$/), readers.nifti.read)),
    ...(await withDigests(folder, goldenSeeds('images', /^(?:color|grey|palette|bilevel)\.png$/), readers.image.read)),
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
  seeds: readonly FileSeed[],
  read: FileReader['read'],
): Promise<(FileSeed & { readonly digest: string; readonly read: FileReader['read'] })[]> {
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
