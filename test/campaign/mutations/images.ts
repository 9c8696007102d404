import { readdirSync, readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { decodeImage } from '@selfsup/ssl-data';
import { mutateBytes } from '../../fuzz/mutate-bytes.js';
import type { PlayCase } from '../kind.js';
import { outcomeOf, settle } from '../settled.js';

const goldens = join(import.meta.dirname, '../../golden/images');
const maxPixels = 2 ** 16;

async function decoded(path: string): Promise<unknown> {
  const { data, shape } = await decodeImage(path, { maxPixels });
  const [height, width, channels] = shape as [number, number, number];
  if (channels !== 3 || height * width > maxPixels || data.length !== height * width * 3)
    throw new RangeError(`a picture of shape ${shape.join(' x ')} with ${data.length} values`);
  return { data, shape };
}

/** Decodes mutated pictures of every format. */
export async function decodeMutants(folder: string): Promise<PlayCase> {
  const seeds: { readonly name: string; readonly bytes: Uint8Array; readonly digest: string }[] = [];
  for (const name of readdirSync(goldens).filter((name) => /\.(?:jpg|png|webp|avif|tif|gif)$/.test(name))) {
    const good = await settle(() => decoded(join(goldens, name)));
    seeds.push({ name, bytes: readFileSync(join(goldens, name)), digest: 'digest' in good ? good.digest : 'refused' });
  }
  return async (random, _, describe) => {
    const [seed, donor] = [seeds[random.integer(seeds.length)]!, seeds[random.integer(seeds.length)]!];
    const { bytes, steps } = mutateBytes(seed.bytes, donor.bytes, random, 256);
    describe(`${seed.name}: ${steps.join('; ')}`);
    const path = join(folder, `mutant${extname(seed.name)}`);
    await writeFile(path, bytes);
    return outcomeOf(() => decoded(path), seed.digest, false);
  };
}
