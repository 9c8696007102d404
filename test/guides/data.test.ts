import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { repositoryRoot } from '../../tools/workspaces.js';
import { unexpectedErrorOutput } from '../packaging/expected-output.js';
import { readRepositoryFile } from '../structure/repository-files.js';
import { type FolderServer, serveFolder } from '../support/serve-folder.js';
import { markdownBlocks } from './markdown-blocks.js';
import { emptyProject, runSource, shellWords } from './run-source.js';

// Three trainings, each a process that compiles its step.
vi.setConfig({ testTimeout: 600_000, hookTimeout: 600_000 });

const address = 'https://data.example.org/photos/';
const photoCount = 24;

/** The guide's scripts, made small: what is taken off is size and length only. */
const changes = {
  'pretrain.js': [
    [/size: 64/, 'size: 16'],
    [/batchSize: 128/, 'batchSize: 8'],
    [/stem: 'cifar'/, "stem: 'cifar', width: 8"],
    [/100 \* loader\.batchesPerEpoch/, '1 * loader.batchesPerEpoch'],
    [/logFile:/, 'logEvery: 1, logFile:'],
  ],
  'batches.js': [
    [/size: 64/, 'size: 16'],
    [/batchSize: 128/, 'batchSize: 8'],
  ],
} as const;
/** A thousand samples a shard are more than there are. */
const shardSamples = [/--max-samples 1000/, '--max-samples 10'] as const;

let folder: string;
let server: FolderServer;
const outputs = new Map<string, string>();

/** Runs one line of the guide as it would run in a shell, from source. */
async function runLine(line: string): Promise<string> {
  const [program, script = '', ...args] = shellWords(line);
  const target =
    program === 'npx' && script === '@selfsup/ssl-data'
      ? join(repositoryRoot, 'packages/ssl-data/src/cli/cli.ts')
      : join(folder, script);
  const { status, stdout, stderr } = await runSource(target, args, folder);
  const unexpected = unexpectedErrorOutput(stderr)
    .replaceAll(/^(?:Packed|Contact sheet:) .*$/gm, '')
    .trim();
  if (status !== 0 || unexpected !== '') throw new Error(`${line} ended with ${String(status)}\n${stdout}\n${stderr}`);
  return stdout;
}

async function writePhotos(): Promise<void> {
  for (let index = 0; index < photoCount; index++) {
    const path = join(folder, 'photos', index % 3 === 0 ? 'cats' : 'dogs', `photo-${100 + index}.jpg`);
    await mkdir(dirname(path), { recursive: true });
    const data = Uint8Array.from({ length: 30 * 24 * 3 }, (_, i) => (index * 37 + i * (index + 3)) % 256);
    await sharp(data, { raw: { width: 24, height: 30, channels: 3 } })
      .jpeg()
      .toFile(path);
  }
}

beforeAll(async () => {
  folder = await emptyProject();
  await writePhotos();
  await mkdir(join(folder, 'packed'));
  server = await serveFolder(join(folder, 'packed'));
  for (const { language, code } of markdownBlocks(readRepositoryFile('docs/guides/data.md'))) {
    if (language === 'js') {
      const name = /^\/\/ (?<name>[\w.-]+):/.exec(code)?.groups?.['name'] as keyof typeof changes;
      const small = changes[name].reduce((text, [pattern, replacement]) => {
        if (!pattern.test(text)) throw new Error(`${name} of the guide no longer has ${String(pattern)}`);
        return text.replace(pattern, replacement);
      }, code);
      await writeFile(join(folder, name), small);
      continue;
    }
    if (language !== 'sh') throw new Error(`the guide has a block of '${language}', which nothing runs`);
    for (const line of code.trim().split('\n')) {
      // The workspace is what would be installed.
      if (line.startsWith('npm install ')) continue;
      outputs.set(line, await runLine(line.replace(...shardSamples).replace(address, `${server.origin}/`)));
    }
  }
});
afterAll(async () => {
  await server.close();
  await rm(folder, { recursive: true });
});

const output = (start: string): string => [...outputs].find(([line]) => line.startsWith(start))?.[1] ?? '';
const hashes = (start: string): string[] => output(start).trimEnd().split('\n');

async function losses(run: string): Promise<number[]> {
  const lines = (await readFile(join(folder, 'runs', run, 'log.jsonl'), 'utf8')).trimEnd().split('\n');
  return lines
    .map((line) => JSON.parse(line) as { type: string; loss?: number })
    .flatMap(({ loss }) => (loss === undefined ? [] : [loss]));
}

test('every script of the guide was run', () => {
  const started = [...outputs.keys()].flatMap((line) => /^node (?<name>\S+)/.exec(line)?.groups?.['name'] ?? []);
  expect([...new Set(started)].sort()).toEqual(Object.keys(changes).sort());
});

test('the guide looks into the folder and into what was packed of it', async () => {
  expect(output('npx @selfsup/ssl-data inspect photos')).toMatch(
    /^samples {2}24\nclasses {2}2\n +0 {2}cats {2}8\n +1 {2}dogs {2}16$/m,
  );
  expect(output('npx @selfsup/ssl-data inspect photos')).toMatch(/^broken {3}0 of 24/m);
  expect((await sharp(join(folder, 'photos.png')).metadata()).width).toBeGreaterThan(800);
  expect(output('npx @selfsup/ssl-data inspect packed')).toMatch(
    /^kind {5}webdataset .*\nsamples {2}24\nclasses {2}2$/m,
  );
  const shards = (await readdir(join(folder, 'packed'))).filter((name) => name.endsWith('.tar'));
  expect(shards.sort()).toEqual(['000000.tar', '000001.tar', '000002.tar']);
});

test('folder, shards and server give the same batches', () => {
  const fromFolder = hashes('node batches.js photos');
  expect(fromFolder).toHaveLength(photoCount / 8);
  expect(new Set(fromFolder).size).toBe(photoCount / 8);
  expect(fromFolder[0]).toMatch(/^[0-9a-f]{64}$/);
  expect(hashes('node batches.js packed')).toEqual(fromFolder);
  expect(hashes(`node batches.js '${address}`)).toEqual(fromFolder);
});

test('folder, shards and server give the same losses, step by step', async () => {
  const fromFolder = await losses('folder');
  expect(fromFolder).toHaveLength(photoCount / 8);
  // Two views of eight images: the loss begins near the logarithm of the fifteen others.
  expect(fromFolder[0]).toBeGreaterThan(0.5);
  expect(fromFolder[0]).toBeLessThan(2 * Math.log(15));
  expect(new Set(fromFolder).size).toBe(fromFolder.length);
  expect(await losses('packed')).toEqual(fromFolder);
  expect(await losses('server')).toEqual(fromFolder);
  const encoders = await Promise.all(
    ['folder', 'packed', 'server'].map((run) => readFile(join(folder, 'runs', run, 'encoder.safetensors'))),
  );
  expect(encoders.map((bytes) => bytes.equals(encoders[0]!))).toEqual([true, true, true]);
});

test('the server was asked for ranges of shards, never for a whole one', () => {
  const ofShards = server.requests.filter((request) => /\.tar(?: |$)/.test(request));
  const ranges = ofShards.filter((request) => /\.tar bytes=\d+-\d+$/.test(request));
  expect(ranges.length).toBeGreaterThanOrEqual(2 * photoCount);
  expect(ofShards.filter((request) => !request.includes(' '))).toEqual([]);
});
