/** Pretrains a ResNet-18 with LeJEPA on a folder of images: `node --import tsx lejepa.ts photos`. */
import { DataLoader, ImageFolderDataset, dinoViews } from '@selfsup/ssl-data';
import { saveSafetensors } from '@selfsup/ssl-nn';
import { randomKey } from '@selfsup/ssl-tensor';
import { AdamW, Trainer, decayMatrices, scaleByBatch, warmupCosine } from '@selfsup/ssl-train';
import { LeJepa, imagenetStatistics, leJepaSmall, resnet18 } from '@selfsup/ssl-vision';

const dataset = await ImageFolderDataset.open(process.argv[2] ?? 'photos');
const [epochs, batchSize, size] = [100, 128, 32];
// Two global views and four local ones, which are half as large.
const loader = new DataLoader({ dataset, views: dinoViews({ size, localSize: size / 2, localCount: 4 }), batchSize });
const backbone = resnet18({ key: randomKey(0), stem: 'cifar' });
const method = new LeJepa({ backbone, key: randomKey(1), normalize: imagenetStatistics, ...leJepaSmall });
const decay = { weightDecay: 0.05, decayFilter: decayMatrices };
const optimizer = new AdamW([{ parameters: method.trainable() }], decay);
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
  checkpoint: { dir: 'runs/lejepa' },
});
const { interrupted } = await trainer.fit();
await loader.close();
// Ctrl-C has saved a checkpoint: the same command goes on, and nothing that is not finished is written.
if (interrupted) process.exit();
await saveSafetensors('encoder.safetensors', backbone.stateDict());
