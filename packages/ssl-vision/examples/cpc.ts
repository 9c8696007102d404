/** Pretrains a ResNet-18 with CPC on a folder of images: `node --import tsx cpc.ts photos`. */
import { DataLoader, ImageFolderDataset, maeViews } from '@selfsup/ssl-data';
import { saveSafetensors } from '@selfsup/ssl-nn';
import { randomKey } from '@selfsup/ssl-tensor';
import { AdamW, Trainer, scaleByBatch, warmupCosine } from '@selfsup/ssl-train';
import { Cpc, PatchwiseEncoder, cpcSmall, imagenetStatistics, resnet18 } from '@selfsup/ssl-vision';

const dataset = await ImageFolderDataset.open(process.argv[2] ?? 'photos');
const [epochs, batchSize, size] = [100, 128, 32];
const loader = new DataLoader({ dataset, views: maeViews({ size }), batchSize });
// The paper's layer norm: by the statistics of a batch, a patch would tell of the others.
const encoder = resnet18({ key: randomKey(0), stem: 'cifar', norm: 'group', groups: 1 });
const backbone = new PatchwiseEncoder({ encoder, patchSize: 8 });
const method = new Cpc({ backbone, key: randomKey(1), normalize: imagenetStatistics, ...cpcSmall });
const optimizer = new AdamW([{ parameters: method.trainable() }], { betas: [0.8, 0.999], weightDecay: 1e-4 });
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
  checkpoint: { dir: 'runs/cpc' },
});
const { interrupted } = await trainer.fit();
await loader.close();
// Ctrl-C has saved a checkpoint: the same command goes on, and nothing that is not finished is written.
if (interrupted) process.exit();
await saveSafetensors('encoder.safetensors', encoder.stateDict());
