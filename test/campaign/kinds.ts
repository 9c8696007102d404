import { spawnSync } from 'node:child_process';
import type { Kind } from './kind.js';

/** Why the system gives no process its own space of process ids, where it does not. */
function withoutNamespaces(): string | undefined {
  const { status } = spawnSync('unshare', ['--pid', '--fork', '--mount-proc', 'true'], { stdio: 'ignore' });
  return status === 0 ? undefined : 'unshare may not make a space of process ids here';
}

/** Why there are no pipes, devices and links. */
const withoutSpecialFiles = (): string | undefined =>
  process.platform === 'win32' ? 'Windows has no such files' : undefined;

const interruption = { group: 'interruptions', seconds: 240, megabytes: 400 } as const;
const mutation = { group: 'mutations', seconds: 10 } as const;
const hostile = { group: 'hostile inputs', seconds: 20 } as const;

/** Every kind of the campaign. The slow ones come first, so that the others run beside them. */
export const kinds: readonly Kind[] = [
  {
    ...interruption,
    name: 'training',
    title:
      'a training killed by SIGKILL, SIGINT or SIGTERM and resumed until it ends; the same bytes, nothing left over',
    cases: { small: 1, full: 60 },
    prepare: async (folder) => (await import('./interruptions/training.js')).interruptedTraining(folder, 'plain'),
  },
  {
    ...interruption,
    name: 'training-same-pid',
    title: 'the same by SIGKILL, where every restart has the same process id',
    cases: { small: 1, full: 6 },
    missing: withoutNamespaces,
    prepare: async (folder) => (await import('./interruptions/training.js')).interruptedTraining(folder, 'same pid'),
  },
  {
    ...interruption,
    name: 'training-second-writer',
    title: 'a second training in the folder is refused while the first lives, which ends with its own bytes',
    cases: { small: 1, full: 6 },
    prepare: async (folder) => (await import('./interruptions/training.js')).secondTraining(folder),
  },
  {
    ...interruption,
    name: 'pack',
    title: '`ssl-data pack` killed and run again; the same files, nothing left over',
    cases: { small: 1, full: 40 },
    prepare: async (folder) => (await import('./interruptions/packing.js')).interruptedPacking(folder, 'plain'),
  },
  {
    ...interruption,
    name: 'pack-same-pid',
    title: 'the same by SIGKILL, where every restart has the same process id',
    cases: { small: 0, full: 4 },
    missing: withoutNamespaces,
    prepare: async (folder) => (await import('./interruptions/packing.js')).interruptedPacking(folder, 'same pid'),
  },
  {
    ...interruption,
    name: 'pack-second-writer',
    title: 'a second packing into the folder is refused while the first lives, which ends with its own files',
    cases: { small: 1, full: 4 },
    prepare: async (folder) => (await import('./interruptions/packing.js')).secondPacking(folder),
  },
  {
    ...interruption,
    name: 'app-run',
    title: '`ssl-benchmark run smoke-text` killed and resumed; the same figures and weights, nothing left over',
    cases: { small: 0, full: 6 },
    seconds: 600,
    prepare: async (folder) => (await import('./interruptions/app-run.js')).interruptedRun(folder),
  },
  {
    ...mutation,
    name: 'checkpoint-bits',
    title: 'one bit of a checkpoint flipped; refused, or the same tensors and record',
    cases: { small: 60, full: 4000 },
    prepare: async (folder) => (await import('./mutations/checkpoint.js')).readCheckpoints(folder, 'bit'),
  },
  {
    ...mutation,
    name: 'checkpoint-mutations',
    title: 'a checkpoint cut, extended, spliced, overwritten; refused, or the same tensors and record',
    cases: { small: 60, full: 4000 },
    prepare: async (folder) => (await import('./mutations/checkpoint.js')).readCheckpoints(folder, 'mutation'),
  },
  {
    ...mutation,
    name: 'checkpoint-resume',
    title: 'the newest checkpoint damaged: `resume: true` names it, `latest-good` resumes to the same bytes',
    cases: { small: 6, full: 100 },
    prepare: async (folder) => (await import('./mutations/checkpoint.js')).resumeDamaged(folder),
  },
  {
    ...mutation,
    name: 'safetensors',
    title: 'weights mutated; refused, the same tensors, or others of a valid header',
    cases: { small: 150, full: 10_000 },
    prepare: async (folder) => (await import('./mutations/safetensors.js')).readSafetensors(folder),
  },
  {
    ...mutation,
    name: 'tokenizer',
    title: '`tokenizer.json` mutated; refused, or it encodes in time',
    cases: { small: 150, full: 4000 },
    prepare: async (folder) => (await import('./mutations/tokenizer.js')).readTokenizers(folder),
  },
  {
    ...mutation,
    name: 'recipe',
    title: 'recipes mutated; refused, or read as another recipe',
    cases: { small: 150, full: 6000 },
    prepare: async (folder) => (await import('./mutations/recipe.js')).readRecipes(folder),
  },
  {
    ...mutation,
    name: 'run-files',
    title: "a finished run's JSON files mutated; `report` refuses them, or renders the same report",
    cases: { small: 40, full: 2000 },
    prepare: async (folder) => (await import('./mutations/run-files.js')).readRuns(folder),
  },
  {
    ...mutation,
    name: 'shard-index',
    title: "a packed shard's index mutated; refused or made anew, with the same samples",
    cases: { small: 100, full: 4000 },
    prepare: async (folder) => (await import('./mutations/shards.js')).readIndexes(folder),
  },
  ...(['tar', 'lmdb', 'parquet', 'idx', 'npy', 'npz', 'nifti', 'cifar', 'text', 'manifest'] as const).map(
    (format): Kind => ({
      ...mutation,
      name: format,
      title: `${format} files mutated; refused, the same content, or another where the format has no checksum`,
      cases: { small: 60, full: 3000 },
      prepare: async (folder) => (await import('./mutations/data-files.js')).readMutants(folder, format),
    }),
  ),
  {
    ...mutation,
    name: 'checksummed',
    title: 'one bit of a gzip, zip, zstd or PNG file flipped; refused, or the same content',
    cases: { small: 120, full: 5000 },
    prepare: async (folder) => (await import('./mutations/data-files.js')).readChecksummed(folder),
  },
  {
    ...mutation,
    name: 'images',
    title: 'pictures mutated; refused, or a picture of a sensible size',
    cases: { small: 80, full: 5000 },
    prepare: async (folder) => (await import('./mutations/images.js')).decodeMutants(folder),
  },
  {
    ...hostile,
    name: 'special-files',
    title: 'a pipe, a device, a folder, a sparse file of 40 GB, links to nothing and in loops, in every reader',
    cases: { small: 24, full: 112 },
    missing: withoutSpecialFiles,
    prepare: async (folder) => (await import('./hostile/special-files.js')).openSpecialFiles(folder),
  },
  {
    ...hostile,
    name: 'dimensions',
    title: 'headers that claim more than there is, and pictures beyond any use',
    cases: { small: 12, full: 16 },
    seconds: 60,
    megabytes: 1000,
    prepare: async (folder) => (await import('./hostile/dimensions.js')).openHugeDimensions(folder),
  },
  {
    ...hostile,
    name: 'bombs',
    title: 'gzip, zip and zstd files that grow a thousandfold, and endless empty lines',
    cases: { small: 10, full: 10 },
    prepare: async (folder) => (await import('./hostile/bombs.js')).openBombs(folder),
  },
  {
    ...hostile,
    name: 'nesting',
    title: 'YAML, JSON and headers nested or repeated without end, patterns of exponential time',
    cases: { small: 12, full: 12 },
    prepare: async (folder) => (await import('./hostile/nesting.js')).openNested(folder),
  },
  {
    ...hostile,
    name: 'escapes',
    title: 'names in archives, manifests and packed records that lead out of their folder',
    cases: { small: 9, full: 9 },
    prepare: async (folder) => (await import('./hostile/escapes.js')).openEscapes(folder),
  },
  {
    ...hostile,
    name: 'names',
    title: 'escape sequences and HTML in names and titles, on the terminal and in the report',
    cases: { small: 4, full: 4 },
    seconds: 90,
    prepare: async (folder) => (await import('./hostile/names.js')).showNames(folder),
  },
  {
    ...hostile,
    name: 'remote',
    title: 'servers that trickle, answer too much, break off, or answer nothing',
    cases: { small: 3, full: 5 },
    seconds: 150,
    prepare: async (folder) => (await import('./hostile/remote.js')).openRemote(folder),
  },
];
