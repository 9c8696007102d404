import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';

const classes = { sky: [60, 120, 220], leaves: [40, 160, 60], bricks: [190, 80, 50] } as const;

/** Pictures that stand in for one's own: three kinds, told apart by colour and grain, JPEGs of various sizes. */
export async function makePhotos(folder: string, perClass: number): Promise<void> {
  await Promise.all(
    Object.entries(classes).map(async ([name, colour], kind) => {
      await mkdir(join(folder, name), { recursive: true });
      for (let i = 0; i < perClass; i++) {
        const [width, height] = [40 + (i % 5), 32 + (i % 7)];
        const data = Uint8Array.from({ length: width * height * 3 }, (_, at) => {
          const [x, y] = [Math.floor(at / 3) % width, Math.floor(at / 3 / width)];
          const grain = 25 * Math.sin((x * (kind + 1) + y * (3 - kind) + i) / 3);
          return Math.max(0, Math.min(255, colour[at % 3]! + grain + ((i * 37 + at * 11) % 41) - 20));
        });
        await sharp(data, { raw: { width, height, channels: 3 } })
          .jpeg()
          .toFile(join(folder, name, `${name}-${i}.jpg`));
      }
    }),
  );
}
