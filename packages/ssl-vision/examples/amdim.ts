/** Pretrains a ResNet-18 with AMDIM on a folder of images: `node --import tsx amdim.ts photos`. */
import { DataLoader, ImageFolderDataset, simclrViews } from '@selfsup/ssl-data';
import { saveSafetensors } from '@selfsup/ssl-nn';
import { randomKey } from '@selfsup/ssl-tensor';
import { AdamW, Trainer, scaleByBatch, warmupCosine } from '@selfsup/ssl-train';
import { Amdim, amdimSmall, imagenetStatistics, resnet18 } from '@selfsup/ssl-vision';

const dataset = await ImageFolderDataset.open(process.argv[2] ?? 'photos');
const [epochs, batchSize, size] = [100, 128, 32];
const loader = new DataLoader({ dataset, views: simclrViews({ size, strength: 0.5 }), batchSize });
// The paper's encoder: new AmdimEncoder({ key: randomKey(0), imageSize: 32, ...amdimEncoderSmall }).
const backbone = resnet18({ key: randomKey(0), stem: 'cifar' });
const method = new Amdim({ backbone, key: randomKey(1), normalize: imagenetStatistics, ...amdimSmall });
const optimizer = new AdamW([{ parameters: method.trainable() }], { betas: [0.8, 0.999], weightDecay: 1e-5 });
const rate = scaleByBatch({ base: 1e-3, batchSize });
const steps = epochs * loader.batchesPerEpoch;
const schedule = warmupCosine({ base: rate, warmupSteps: Math.floor(steps / 10), totalSteps: steps });
const trainer = new Trainer({
  method,
  loader,
  optimizer,
  schedule,
  steps,
  seed: 0,
  checkpoint: { dir: 'runs/amdim' },
});
const { interrupted } = await trainer.fit();
await loader.close();
// Ctrl-C has saved a checkpoint: the same command goes on, and nothing that is not finished is written.
if (interrupted) process.exit();
await saveSafetensors('encoder.safetensors', backbone.stateDict());
