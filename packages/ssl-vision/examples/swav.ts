/** SwAV on a folder of images: `node --import tsx swav.ts photos`. Beside it: lightly's `examples/pytorch/swav_queue.py`. */
import { DataLoader, ImageFolderDataset, swavViews } from '@selfsup/ssl-data';
import { saveSafetensors } from '@selfsup/ssl-nn';
import { randomKey } from '@selfsup/ssl-tensor';
import { AdamW, Trainer, warmupCosine } from '@selfsup/ssl-train';
import { Swav, SwavHead, imagenetStatistics, resnet18 } from '@selfsup/ssl-vision';

const dataset = await ImageFolderDataset.open(process.argv[2] ?? 'photos');
const views = swavViews({ size: 64, localSize: 32, localCount: 4 });
const loader = new DataLoader({ dataset, views, batchSize: 64 });
const backbone = resnet18({ key: randomKey(0) });
const head = new SwavHead(backbone.featureDim, { key: randomKey(1), hiddenDim: 512, outDim: 128, prototypes: 256 });
const method = new Swav({
  backbone,
  head,
  normalize: imagenetStatistics,
  // Batch and queue are some times the prototypes, so that the codes can be balanced.
  queueLength: 1024,
  queueStartEpoch: 5,
  freezePrototypesSteps: loader.batchesPerEpoch,
});
const steps = 100 * loader.batchesPerEpoch;
const { interrupted } = await new Trainer({
  method,
  loader,
  optimizer: new AdamW([{ parameters: method.trainable() }], { weightDecay: 1e-4 }),
  schedule: warmupCosine({ base: 1e-3, warmupSteps: Math.floor(steps / 10), totalSteps: steps }),
  steps,
  seed: 0,
  checkpoint: { dir: 'runs/swav' },
}).fit();
await loader.close();
// Ctrl-C has saved a checkpoint: the same command goes on, and nothing that is not finished is written.
if (interrupted) process.exit();
await saveSafetensors('swav.safetensors', backbone.stateDict());
