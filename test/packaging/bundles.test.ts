import { mkdir, mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import vm from 'node:vm';
import { build as buildForNode, type Format } from 'esbuild';
import sharp from 'sharp';
import { build as buildForBrowsers } from 'vite';
import { describe, expect, inject, test } from 'vitest';

import { node } from './node-process.js';

const { directory, packages } = inject('consumer');

/** What TF.js needs of an ESM bundle for Node, its own code being CommonJS. */
const banner = {
  esm: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
  cjs: {},
} as const;

/** Bundles code for Node without naming a package as external, beside the project's node_modules, and runs it. */
async function bundled(code: string, format: Format & ('esm' | 'cjs'), args: readonly string[] = []): Promise<string> {
  const folder = await mkdtemp(join(directory, 'bundle-'));
  const outfile = join(folder, `out.${format === 'esm' ? 'mjs' : 'cjs'}`);
  await writeFile(join(folder, 'in.mjs'), code);
  const options = { bundle: true, minify: true, platform: 'node', logLevel: 'silent', banner: banner[format] } as const;
  const { errors, warnings } = await buildForNode({
    ...options,
    entryPoints: [join(folder, 'in.mjs')],
    outfile,
    format,
  });
  expect([...errors, ...warnings]).toEqual([]);
  const { code: status, stdout, stderr } = await node([outfile, ...args], { cwd: folder });
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  return stdout.trim();
}

describe.each(packages.map(({ name }) => name))('%s', (name) => {
  test.each(['cjs', 'esm'] as const)('bundles for Node as %s and loads', async (format) => {
    const code = `import * as all from '${name}';\nconsole.log(Object.keys(all).length);`;
    const { stdout } = await node(['--input-type=module', '--eval', code], { cwd: directory });
    expect(await bundled(code, format)).toBe(stdout.trim());
  });
});

test.each([
  ['cjs', 0],
  ['cjs', 1],
  ['esm', 0],
  ['esm', 1],
] as const)('a bundle as %s finds the natives and, with %i workers, the loader’s threads', async (format, workers) => {
  const photos = await mkdtemp(join(directory, 'photos-'));
  for (let i = 0; i < 4; i++)
    await sharp({ create: { width: 20, height: 20, channels: 3, background: '#a1b2c3' } })
      .webp()
      .toFile(join(photos, `${i}.webp`));
  const code = `
import { DataLoader, ImageFolderDataset, simclrViews } from '@selfsup/ssl-data';
import { compile } from '@selfsup/ssl-tensor';
import * as tf from '@tensorflow/tfjs-core';
const main = async () => {
  const dataset = await ImageFolderDataset.open(process.argv[2], { labels: 'none' });
  const loader = new DataLoader({ dataset, views: simclrViews({ size: 8 }), batchSize: 4, workers: ${workers} });
  for await (const { views } of loader.epoch(0)) console.log(views[0].shape.join());
  await loader.close();
  const sum = compile((x) => tf.sum(x));
  console.log((await sum({ data: Float32Array.of(1, 2), shape: [2] })).dataSync()[0]);
};
main();`;
  expect(await bundled(code, format, [photos])).toBe('4,8,8,3\n3');
});

/** Bundles code for browsers. */
async function forBrowsers(code: string): Promise<string> {
  const folder = await mkdtemp(join(directory, 'browser-'));
  await mkdir(join(folder, 'out'));
  await writeFile(join(folder, 'in.mjs'), code);
  await buildForBrowsers({
    root: folder,
    configFile: false,
    logLevel: 'silent',
    build: {
      outDir: 'out',
      rollupOptions: { input: join(folder, 'in.mjs'), output: { format: 'iife', entryFileNames: 'main.js' } },
    },
  });
  return readFile(join(folder, 'out/main.js'), 'utf8');
}

/** Runs a browser's bundle without what only Node has, and without the memory that only isolated pages share. */
async function onPage(code: string): Promise<Readonly<Record<string, unknown>>> {
  const page: Record<string, unknown> = { console, performance, setTimeout, queueMicrotask, TextEncoder, TextDecoder };
  Object.assign(page, { window: page, self: page, navigator: { userAgent: 'a browser' }, document: {} });
  const context = vm.createContext(page);
  vm.runInContext('delete globalThis.SharedArrayBuffer', context);
  vm.runInContext(await forBrowsers(code), context);
  return page;
}

describe('Vite', () => {
  test.each([
    '@selfsup/ssl-core',
    '@selfsup/ssl-losses',
    '@selfsup/ssl-nn',
    '@selfsup/ssl-tensor',
    '@selfsup/ssl-vision',
    '@selfsup/ssl-train',
    '@selfsup/ssl-transfer',
  ])('bundles %s', async (name) => {
    expect(await forBrowsers(`import * as all from '${name}'; globalThis.result = all;`)).not.toBe('');
  });

  test.each(['@selfsup/ssl-core', '@selfsup/ssl-tensor', '@selfsup/ssl-losses', '@selfsup/ssl-nn'])(
    'a bundle of all of %s loads on a page',
    async (name) => {
      const page = await onPage(`import * as all from '${name}'; globalThis.result = Object.keys(all);`);
      expect((page['result'] as string[]).length).toBeGreaterThan(20);
    },
  );

  test('a module trains eagerly in a browser’s bundle, without an engine, and compile() says that there is none', async () => {
    const page = await onPage(`
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { randomKey } from '@selfsup/ssl-core';
import { ntXent } from '@selfsup/ssl-losses';
import { Linear } from '@selfsup/ssl-nn';
import { compile } from '@selfsup/ssl-tensor';
const layer = new Linear(3, 4, { key: randomKey(1) });
const [a, b] = [tf.tensor2d([1, 2, 3, 4, 5, 7], [2, 3]), tf.tensor2d([1, 2, 4, 4, 5, 6], [2, 3])];
const loss = () => ntXent([layer.forward(a), layer.forward(b)], {});
const { value, grads } = tf.variableGrads(loss, [layer.weight.variable]);
layer.weight.variable.assign(tf.sub(layer.weight.variable, tf.mul(grads[layer.weight.variable.name], 0.1)));
globalThis.result = [value.dataSync()[0], loss().dataSync()[0]];
globalThis.refused = compile((x) => tf.neg(x))(a).catch((error) => error.message);`);
    const [before, after] = page['result'] as [number, number];
    expect(after).toBeLessThan(before);
    expect(await page['refused']).toMatch(/device 'cpu' is not there in browsers/);
  });

  test('losses of a browser’s bundle give the numbers of Node', async () => {
    const code = `
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { randomKey, RandomStream } from '@selfsup/ssl-core';
import { barlowTwins, ntXent, vicreg } from '@selfsup/ssl-losses';
const stream = new RandomStream(randomKey(1));
const view = () => tf.tensor2d(Float32Array.from({ length: 12 }, () => stream.normal()), [4, 3]);
globalThis.result = [ntXent([view(), view()], {}), barlowTwins(view(), view()), vicreg(view(), view())].map((loss) => loss.dataSync()[0]);`;
    const page = await onPage(code);
    const script = join(directory, 'browser-losses.mjs');
    await writeFile(script, `${code}\nconsole.log(JSON.stringify(globalThis.result));`);
    const { stdout } = await node([script], { cwd: directory });
    expect(page['result']).toHaveLength(3);
    expect(JSON.stringify(page['result'])).toBe(stdout.trim());
  });
});
