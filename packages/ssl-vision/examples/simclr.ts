/** Pretrains a ResNet-18 with SimCLR on a folder of images: `node --import tsx simclr.ts photos`. */
import { DataLoader, ImageFolderDataset, simclrViews } from '@selfsup/ssl-data';
import { saveSafetensors } from '@selfsup/ssl-nn';
import { randomKey } from '@selfsup/ssl-tensor';
import { Sgd, Trainer, decayMatrices, scaleByBatch, warmupCosine } from '@selfsup/ssl-train';
import { SimClr, imagenetStatistics, resnet18 } from '@selfsup/ssl-vision';

const dataset = await ImageFolderDataset.open(process.argv[2] ?? 'photos');
const [epochs, batchSize, size] = [100, 128, 32];
const loader = new DataLoader({ dataset, views: simclrViews({ size }), batchSize });
const backbone = resnet18({ key: randomKey(0), stem: 'cifar' });
const method = new SimClr({ backbone, key: randomKey(1), normalize: imagenetStatistics, temperature: 0.2 });
const decay = { weightDecay: 5e-4, decayFilter: decayMatrices };
const optimizer = new Sgd([{ parameters: method.trainable() }], { momentum: 0.9, ...decay });
const rate = scaleByBatch({ base: 0.06, batchSize });
const steps = epochs * loader.batchesPerEpoch;
const schedule = warmupCosine({ base: rate, warmupSteps: Math.floor(steps / 10), totalSteps: steps });
const trainer = new Trainer({
  method,
  loader,
  optimizer,
  schedule,
  steps,
  seed: 0,
  checkpoint: { dir: 'runs/simclr' },
});
const { interrupted } = await trainer.fit();
await loader.close();
// Ctrl-C has saved a checkpoint: the same command goes on, and nothing that is not finished is written.
if (interrupted) process.exit();
await saveSafetensors('encoder.safetensors', backbone.stateDict());
