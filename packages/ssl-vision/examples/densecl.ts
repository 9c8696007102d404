/** Pretrains a ResNet-18 with DenseCL on a folder of images: `node --import tsx densecl.ts photos`. */
import { DataLoader, ImageFolderDataset, mocoV2Views } from '@selfsup/ssl-data';
import { saveSafetensors } from '@selfsup/ssl-nn';
import { randomKey } from '@selfsup/ssl-tensor';
import { Sgd, Trainer, cosine, scaleByBatch } from '@selfsup/ssl-train';
import { DenseCl, denseClSmall, imagenetStatistics, resnet18 } from '@selfsup/ssl-vision';

const dataset = await ImageFolderDataset.open(process.argv[2] ?? 'photos');
const [epochs, batchSize, size] = [100, 128, 32];
const loader = new DataLoader({ dataset, views: mocoV2Views({ size }), batchSize });
const backbone = resnet18({ key: randomKey(0), stem: 'cifar' });
const method = new DenseCl({ backbone, key: randomKey(1), normalize: imagenetStatistics, ...denseClSmall });
const optimizer = new Sgd([{ parameters: method.trainable() }], { momentum: 0.9, weightDecay: 5e-4 });
const rate = scaleByBatch({ base: 0.06, batchSize, referenceBatch: 512 });
const steps = epochs * loader.batchesPerEpoch;
const schedule = cosine({ base: rate, totalSteps: steps });
const trainer = new Trainer({
  method,
  loader,
  optimizer,
  schedule,
  steps,
  seed: 0,
  checkpoint: { dir: 'runs/densecl' },
});
const { interrupted } = await trainer.fit();
await loader.close();
// Ctrl-C has saved a checkpoint: the same command goes on, and nothing that is not finished is written.
if (interrupted) process.exit();
await saveSafetensors('encoder.safetensors', backbone.stateDict());
