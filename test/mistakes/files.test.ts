import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ImageFolderDataset } from '@selfsup/ssl-data';
import { loadSafetensors, saveSafetensors } from '@selfsup/ssl-nn';
import { WordPieceTokenizer } from '@selfsup/ssl-text-mlm';
import { encoder, train } from './fixtures.js';
import { describe, afterAll, beforeAll } from 'vitest';
import { testMistakes, js, type Mistake } from './mistake.js';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mistakes-'));
});
afterAll(() => rm(folder, { recursive: true }));

const files: readonly Mistake[] = [
  {
    title: 'a home folder that only a shell knows',
    code: () => train({ checkpoint: { dir: '~/runs' } }),
    error: 'InvalidOptionError',
    message: /checkpoint\.dir must be a path without ~, got '~\/runs'\. Only a shell knows ~: write join\(homedir\(\)/,
  },
  {
    title: 'the same of saving',
    code: () => saveSafetensors('~/x.safetensors', encoder().stateDict()),
    error: 'InvalidOptionError',
    message: /a path without ~/,
  },
  {
    title: 'a URL of a folder',
    code: () => ImageFolderDataset.open(js(pathToFileURL(folder))),
    error: 'InvalidOptionError',
    message:
      /ImageFolderDataset\.open: root must be a path, got a URL\. Of a URL it is fileURLToPath\(url\) of node:url/,
  },
  {
    title: 'bytes for a checkpoint folder',
    code: () => train({ checkpoint: { dir: Buffer.from(folder) } }),
    error: 'InvalidOptionError',
    message: /checkpoint\.dir must be a path, got a Buffer/,
    cure: () => train({ checkpoint: { dir: Buffer.from(join(folder, 'b')).toString() } }),
  },
  {
    title: 'a tokenizer folder of a missing variable',
    code: () => WordPieceTokenizer.fromFolder(js(undefined)),
    error: 'InvalidOptionError',
    message: /WordPieceTokenizer\.fromFolder: folder must be a path, got undefined/,
  },

  {
    title: 'saving to a folder that is not there',
    code: () => saveSafetensors(join(folder, 'none', 'x.safetensors'), encoder().stateDict()),
    error: 'CheckpointError',
    message: /x\.safetensors: cannot be written: .*\(ENOENT\).*a missing folder has to be made first/,
    cure: async () => {
      await mkdir(join(folder, 'none'));
      await saveSafetensors(join(folder, 'none', 'x.safetensors'), encoder().stateDict());
    },
  },
  {
    title: 'saving a module',
    code: () => saveSafetensors(join(folder, 'x'), js(encoder())),
    error: 'InvalidOptionError',
    message: /state must be a Map of names to arrays.*module\.stateDict\(\)/,
    cure: () => saveSafetensors(join(folder, 'x'), encoder().stateDict()),
  },
  {
    title: 'saving a promise',
    code: () => saveSafetensors(join(folder, 'x'), js(Promise.resolve(new Map()))),
    error: 'InvalidOptionError',
    message: /state must be a Map.*got a promise/,
  },
  {
    title: 'loading what loadSafetensors returns as a whole',
    code: async () => {
      await saveSafetensors(join(folder, 'y'), encoder().stateDict());
      encoder().loadStateDict(js(await loadSafetensors(join(folder, 'y'))));
    },
    error: 'InvalidOptionError',
    message: /state must be a Map of names to arrays, such as `tensors` of what loadSafetensors returns/,
    cure: async () => encoder().loadStateDict((await loadSafetensors(join(folder, 'y'))).tensors as never),
  },
  {
    title: 'a checkpoint folder that is no path',
    code: () => train({ checkpoint: 'runs/a' }),
    error: 'InvalidOptionError',
    message: /checkpoint must be an object of options, got 'runs\/a'\. Options are dir/,
  },
  {
    title: 'a log that is a stream',
    code: () => train({ logFile: process.stderr }),
    error: 'InvalidOptionError',
    message: /logFile must be a path/,
  },
];

describe('files', () => {
  testMistakes(files);
});
