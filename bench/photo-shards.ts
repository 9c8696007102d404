import { readdir, rename, rm } from 'node:fs/promises';
import { packWebDataset } from '@selfsup/ssl-data';
import { foldIn, randomKey, RandomStream } from '@selfsup/ssl-tensor/host';
import sharp from 'sharp';

const [width, height] = [500, 375];

/**
 * Shards of JPEGs of 500 x 375, drawn from seeds: clouds of three sizes, a few discs and grain, quality 90.
 *
 * @param folder made unless it is there
 */
export async function photoShards(folder: string, images: number, shards: number): Promise<void> {
  if ((await readdir(folder).catch(() => [])).length > 0) return;
  const unfinished = `${folder}.${process.pid}`;
  await rm(unfinished, { recursive: true, force: true });
  await packWebDataset(photos(images), unfinished, { maxSamples: Math.ceil(images / shards) });
  await rename(unfinished, folder);
}

/** A JPEG with its key and class, as the writer of shards takes it. */
export interface Photo {
  readonly key: string;
  readonly members: { readonly jpg: Uint8Array; readonly cls: string };
}

/** `count` such JPEGs. */
export async function* photos(count: number): AsyncGenerator<Photo> {
  const grain = new RandomStream(randomKey(1));
  const noise = Int8Array.from({ length: 1 << 18 }, () => Math.round(grain.normal(0, 5)));
  for (let index = 0; index < count; index++) {
    const random = new RandomStream(foldIn(randomKey(2), index));
    const pixels = new Int16Array(width * height * 3);
    for (const [columns, rows, weight] of [
      [4, 3, 0.6],
      [16, 12, 0.3],
      [80, 60, 0.1],
    ] as const) {
      const small = Uint8Array.from({ length: columns * rows * 3 }, () => random.integer(256));
      const cloud = await sharp(small, { raw: { width: columns, height: rows, channels: 3 } })
        .resize(width, height, { fit: 'fill', kernel: 'cubic' })
        .raw()
        .toBuffer();
      for (let i = 0; i < pixels.length; i++) pixels[i]! += weight * cloud[i]!;
    }
    for (let disc = 0; disc < 6; disc++) {
      const [x, y, radius] = [random.integer(width), random.integer(height), 10 + random.integer(80)];
      const color = [random.integer(256), random.integer(256), random.integer(256)];
      for (let row = Math.max(0, y - radius); row < Math.min(height, y + radius); row++)
        for (let column = Math.max(0, x - radius); column < Math.min(width, x + radius); column++)
          if ((column - x) ** 2 + (row - y) ** 2 < radius ** 2) pixels.set(color, (row * width + column) * 3);
    }
    const start = random.integer(noise.length);
    const levels = Uint8ClampedArray.from(pixels, (level, i) => level + noise[(start + i) & (noise.length - 1)]!);
    const jpg = await sharp(levels, { raw: { width, height, channels: 3 } })
      .jpeg({ quality: 90 })
      .toBuffer();
    yield { key: String(index).padStart(6, '0'), members: { jpg, cls: String(index % 10) } };
  }
}
