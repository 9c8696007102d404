/** DINOv2 whose patches are anchored at the end, as DINOv3's: `node --import tsx dinov2-gram.ts photos`. */
import { DataLoader, ImageFolderDataset, dinov2Views } from '@selfsup/ssl-data';
import { saveSafetensors } from '@selfsup/ssl-nn';
import { randomKey } from '@selfsup/ssl-tensor';
import { AdamW, Trainer, clipByGlobalNorm, cosine, warmupCosine } from '@selfsup/ssl-train';
import { DinoHead, DinoV2, VisionTransformer, imagenetStatistics } from '@selfsup/ssl-vision';

const dataset = await ImageFolderDataset.open(process.argv[2] ?? 'photos');
// Both sizes are multiples of the patch.
const views = dinov2Views({ size: 64, localSize: 32, localCount: 6 });
const loader = new DataLoader({ dataset, views, batchSize: 64 });
const backbone = new VisionTransformer({
  key: randomKey(0),
  imageSize: 64,
  patchSize: 8,
  dim: 192,
  depth: 6,
  heads: 3,
  maskToken: true,
  registers: 4,
});
const head = new DinoHead(backbone.featureDim, { key: randomKey(1), hiddenDim: 512, bottleneckDim: 128, outDim: 1024 });
const totalSteps = 100 * loader.batchesPerEpoch;
// In the last fifth, patches keep the relations that they had for the teacher of an earlier step.
const [takeStep, startStep] = [Math.floor(0.4 * totalSteps), Math.floor(0.8 * totalSteps)];
const gram = { takeStep, startStep, everySteps: Math.ceil(0.05 * totalSteps) };
const method = new DinoV2({ backbone, head, normalize: imagenetStatistics, gram });
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
  checkpoint: { dir: 'runs/dinov2-gram' },
}).fit();
await loader.close();
// Ctrl-C has saved a checkpoint: the same command goes on, and nothing that is not finished is written.
if (interrupted) process.exit();
await saveSafetensors('dinov2-gram.safetensors', method.modules.teacher.stateDict());
