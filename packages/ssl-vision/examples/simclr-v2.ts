/** Pretrains a ResNet-18 with SimCLR v2 on a folder of images: `node --import tsx simclr-v2.ts photos`. */
import { DataLoader, ImageFolderDataset, simclrViews } from '@selfsup/ssl-data';
import { saveSafetensors } from '@selfsup/ssl-nn';
import { randomKey } from '@selfsup/ssl-tensor';
import { Lars, Trainer, warmupCosine } from '@selfsup/ssl-train';
import { SimClrV2, imagenetStatistics, resnet18, simClrV2Small } from '@selfsup/ssl-vision';

const dataset = await ImageFolderDataset.open(process.argv[2] ?? 'photos');
const [epochs, batchSize, size] = [100, 128, 32];
const loader = new DataLoader({ dataset, views: simclrViews({ size }), batchSize });
const backbone = resnet18({ key: randomKey(0), stem: 'cifar' });
const method = new SimClrV2({ backbone, key: randomKey(1), normalize: imagenetStatistics, ...simClrV2Small });
const optimizer = new Lars([{ parameters: method.trainable() }], { momentum: 0.9, weightDecay: 1e-4 });
const rate = 0.1 * Math.sqrt(batchSize);
const steps = epochs * loader.batchesPerEpoch;
const schedule = warmupCosine({ base: rate, warmupSteps: Math.floor(steps / 20), totalSteps: steps });
const trainer = new Trainer({
  method,
  loader,
  optimizer,
  schedule,
  steps,
  seed: 0,
  checkpoint: { dir: 'runs/simclr-v2' },
});
const { interrupted } = await trainer.fit();
await loader.close();
// Ctrl-C has saved a checkpoint: the same command goes on, and nothing that is not finished is written.
if (interrupted) process.exit();
// With the first layer of the head on it, which the paper fine-tunes.
await saveSafetensors('encoder.safetensors', method.encoder().stateDict());
