/**
 * Reads pictures of 81 megapixels and some kilobytes through a loader and prints the most memory in megabytes, with
 * what the process has before. Arguments: workers, bytes for decoding.
 */
import { copyFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { DataLoader, evaluationViews, ImageFolderDataset } from '@selfsup/ssl-data';

const [workers, decodeMemory] = process.argv.slice(2).map(Number) as [number, number];
const side = 9000;
const folder = await mkdtemp(join(tmpdir(), 'decode-memory-'));
const first = join(folder, '0.png');
await sharp({ create: { width: side, height: side, channels: 3, background: '#fff' } })
  .png({ palette: true, colours: 2 })
  .toFile(first);
for (let index = 1; index < 6; index++) await copyFile(first, join(folder, `${index}.png`));

const dataset = await ImageFolderDataset.open(folder);
const loader = new DataLoader({
  dataset,
  views: evaluationViews(),
  batchSize: workers > 1 ? 1 : 6,
  workers,
  decodeMemory,
});
let pictures = 0;
for await (const { index } of loader.epoch(0)) pictures += index.data.length;
await loader.close();
await rm(folder, { recursive: true });
process.stdout.write(JSON.stringify({ pictures, most: process.resourceUsage().maxRSS / 1024 }));
