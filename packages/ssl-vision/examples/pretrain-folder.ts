/** Pretrains a ResNet-18 on a folder of images and saves it: `node --import tsx pretrain-folder.ts photos`. */
import { DataLoader, ImageFolderDataset, simclrViews } from '@selfsup/ssl-data';
import { saveSafetensors } from '@selfsup/ssl-nn';
import { randomKey } from '@selfsup/ssl-tensor';
import { AdamW, Trainer, warmupCosine } from '@selfsup/ssl-train';
import { SimClr, imagenetStatistics, resnet18 } from '@selfsup/ssl-vision';

const dataset = await ImageFolderDataset.open(process.argv[2] ?? 'photos');
const loader = new DataLoader({ dataset, views: simclrViews({ size: 64 }), batchSize: 64 });
const backbone = resnet18({ key: randomKey(0) });
const method = new SimClr({ backbone, key: randomKey(1), normalize: imagenetStatistics });
const optimizer = new AdamW([{ parameters: method.trainable() }]);
const steps = 20 * loader.batchesPerEpoch;
const schedule = warmupCosine({ base: 1e-3, warmupSteps: Math.floor(steps / 10), totalSteps: steps });
const { interrupted } = await new Trainer({
  method,
  loader,
  optimizer,
  schedule,
  steps,
  seed: 0,
  checkpoint: { dir: 'runs/simclr' },
}).fit();
await loader.close();
// Ctrl-C has saved a checkpoint: the same command goes on, and nothing that is not finished is written.
if (interrupted) process.exit();
await saveSafetensors('encoder.safetensors', backbone.stateDict());
