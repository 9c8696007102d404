/** Writes written.tar, which generate.py has the Python package read. Run: npx tsx --conditions=ssl-source test/golden/webdataset/write.ts */
import { copyFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { packWebDataset } from '@selfsup/ssl-data';
import { writtenSamples } from './written-samples.js';

const folder = await mkdtemp(join(tmpdir(), 'written-'));
const { shards } = await packWebDataset(writtenSamples, folder);
await copyFile(shards[0]!, join(import.meta.dirname, 'written.tar'));
await rm(folder, { recursive: true });
