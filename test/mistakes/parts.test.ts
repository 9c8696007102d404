import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import {
  ImageFolderDataset,
  LmdbDataset,
  ManifestDataset,
  ParquetImageDataset,
  TextLineDataset,
  VolumeFolderDataset,
  WebDataset,
} from '@selfsup/ssl-data';
import { Linear, Relu, Sequential } from '@selfsup/ssl-nn';
import { WordPieceTokenizer } from '@selfsup/ssl-text-mlm';
import { ProjectionHead, SimClr, SmallConvEncoder } from '@selfsup/ssl-vision';
import { encoder, key, loader, statistics, train } from './fixtures.js';
import { describe, afterAll, beforeAll } from 'vitest';
import { testMistakes, js, type Mistake } from './mistake.js';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mistakes-'));
});
afterAll(() => rm(folder, { recursive: true }));

const matrix3 = { data: Float32Array.of(1, 2, 3, 4, 5, 6), shape: [2, 3] };

const parts: readonly Mistake[] = [
  {
    title: 'layers one after the other',
    code: () => new Sequential(js(new Relu())),
    error: 'InvalidOptionError',
    message: /Sequential: layers must be an array of modules, got a Relu\. Write new Sequential\(\[first, second\]\)/,
    cure: () => new Sequential([new Relu()]),
  },
  {
    title: 'a class of a layer',
    code: () => new Sequential([js(Relu)]),
    error: 'InvalidOptionError',
    message:
      /layers\[0\] must be a module with forward\(x, ctx\), got the function Relu\. Of a class make one, new Relu\(/,
  },
  {
    title: 'a function for a layer',
    code: () => new Sequential([new Linear(2, 2, { key }), js(tf.relu)]),
    error: 'InvalidOptionError',
    message: /layers\[1\] must be .*a function such as tf\.relu is new Relu\(\)/,
    cure: () => new Sequential([new Linear(2, 2, { key }), new Relu()]),
  },
  {
    title: 'a width for a head',
    code: () => new SimClr(js({ backbone: encoder(), key, normalize: statistics, head: 128 })),
    error: 'InvalidOptionError',
    message: /SimClr: head must be a module with forward\(x, ctx\), got 128\. Such as new ProjectionHead\(/,
    cure: () =>
      new SimClr({
        backbone: encoder(),
        normalize: statistics,
        head: new ProjectionHead(encoder().featureDim, { key }),
      }),
  },
  {
    title: 'one number of channels',
    code: () => new SmallConvEncoder(js({ key, inChannels: 3, channels: 4, strides: [2] })),
    error: 'InvalidOptionError',
    message: /SmallConvEncoder: channels must be one or more positive integers, got 4/,
  },
  {
    title: 'an epoch that is async',
    code: () => train({ loader: { ...loader, epoch: async () => [] } }),
    error: 'InvalidOptionError',
    message: /loader\.epoch\(\) must be batches one after the other, got a promise.*Write async \*epoch/,
  },
  {
    title: 'a batch that is none',
    code: () =>
      train({
        loader: {
          ...loader,
          async *epoch() {
            yield undefined;
          },
        },
      }),
    error: 'InvalidOptionError',
    message: /a batch of loader\.epoch\(\) must be a record of arrays, got undefined/,
  },
  {
    title: 'an epoch that is a list',
    code: () => train({ loader: { ...loader, epoch: () => 'ab' } }),
    error: 'InvalidOptionError',
    message: /loader\.epoch\(\) must be batches.*got 'ab'.*an array of batches/,
    cure: () => train({ loader: { ...loader, epoch: () => [{ x: matrix3 }, { x: matrix3 }] } }),
  },
  {
    title: 'texts for a layer',
    code: () => new Linear(2, 2, { key }).forward(tf.tensor2d([['a', 'b']])),
    error: 'ShapeError',
    message: /Linear\.forward: x must be a tensor of numbers, got a string tensor \[1, 2\]/,
  },
  ...(
    [
      ['ImageFolderDataset', ImageFolderDataset],
      ['TextLineDataset', TextLineDataset],
      ['ManifestDataset', ManifestDataset],
      ['LmdbDataset', LmdbDataset],
      ['ParquetImageDataset', ParquetImageDataset],
      ['WebDataset', WebDataset],
      ['VolumeFolderDataset', VolumeFolderDataset],
    ] as const
  ).map(([name, type]): Mistake => ({
    title: `new ${name}`,
    code: () => new (type as unknown as new (path: string) => unknown)('photos'),
    error: 'InvalidOptionError',
    message: new RegExp(`new ${name}: source must be .*, got .*\\. Write await ${name}\\.open\\(path\\)`),
  })),
  {
    title: 'new WordPieceTokenizer',
    code: () => new (WordPieceTokenizer as unknown as new (list: string[]) => unknown)(['a']),
    error: 'InvalidOptionError',
    message: /new WordPieceTokenizer: file must be .*got a\. Write await WordPieceTokenizer\.fromFolder\(folder\)/,
  },
];

describe('parts', () => {
  testMistakes(parts);
});
