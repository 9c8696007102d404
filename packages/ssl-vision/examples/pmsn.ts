/** Masked Siamese networks with a prior of classes of several sizes (PMSN) on a folder of images: `node --import tsx pmsn.ts photos`. Beside it: lightly's `examples/pytorch/pmsn.py`. */
import { DataLoader, ImageFolderDataset, dinoViews } from '@selfsup/ssl-data';
import { saveSafetensors } from '@selfsup/ssl-nn';
import { randomKey } from '@selfsup/ssl-tensor';
import { AdamW, Trainer, clipByGlobalNorm, cosine, warmupCosine } from '@selfsup/ssl-train';
import { MsnHead, Pmsn, VisionTransformer, imagenetStatistics } from '@selfsup/ssl-vision';

const dataset = await ImageFolderDataset.open(process.argv[2] ?? 'photos');
// Both sizes are multiples of the patch.
const views = dinoViews({ size: 64, localSize: 32, localCount: 6 });
const loader = new DataLoader({ dataset, views, batchSize: 64 });
const backbone = new VisionTransformer({
  key: randomKey(0),
  imageSize: 64,
  patchSize: 8,
  dim: 192,
  depth: 6,
  heads: 3,
});
const head = new MsnHead(backbone.featureDim, { key: randomKey(1), hiddenDim: 512, outDim: 128 });
const method = new Pmsn({ backbone, head, key: randomKey(2), normalize: imagenetStatistics, prototypes: 256 });
const totalSteps = 100 * loader.batchesPerEpoch;
const { interrupted } = await new Trainer({
  method,
  loader,
  optimizer: new AdamW([{ parameters: method.trainable() }], {
    weightDecay: cosine({ base: 0.04, final: 0.4, totalSteps }),
  }),
  schedule: warmupCosine({ base: 5e-4, warmupSteps: Math.floor(totalSteps / 10), totalSteps }),
  gradientStages: [clipByGlobalNorm(3)],
  steps: totalSteps,
  seed: 0,
  checkpoint: { dir: 'runs/pmsn' },
}).fit();
await loader.close();
// Ctrl-C has saved a checkpoint: the same command goes on, and nothing that is not finished is written.
if (interrupted) process.exit();
await saveSafetensors('pmsn.safetensors', method.modules.teacher.stateDict());
