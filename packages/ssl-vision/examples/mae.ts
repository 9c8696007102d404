/** Pretrains a vision transformer with MAE on a folder of images: `node --import tsx mae.ts photos`. */
import { DataLoader, ImageFolderDataset, maeViews } from '@selfsup/ssl-data';
import { saveSafetensors } from '@selfsup/ssl-nn';
import { randomKey } from '@selfsup/ssl-tensor';
import { AdamW, Trainer, decayMatrices, scaleByBatch, warmupCosine } from '@selfsup/ssl-train';
import { Mae, MaskedAutoencoder, imagenetStatistics } from '@selfsup/ssl-vision';

const dataset = await ImageFolderDataset.open(process.argv[2] ?? 'photos');
const [epochs, batchSize, size] = [100, 128, 32];
const loader = new DataLoader({ dataset, views: maeViews({ size }), batchSize });
const model = new MaskedAutoencoder({
  key: randomKey(0),
  imageSize: size,
  patchSize: 4,
  dim: 192,
  depth: 6,
  heads: 3,
  decoder: { dim: 128, depth: 2, heads: 4 },
});
const method = new Mae({ model, normalize: imagenetStatistics });
const decay = { weightDecay: 0.05, decayFilter: decayMatrices, betas: [0.9, 0.95] as const };
const optimizer = new AdamW([{ parameters: method.trainable() }], decay);
const rate = scaleByBatch({ base: 1e-3, batchSize });
const steps = epochs * loader.batchesPerEpoch;
const schedule = warmupCosine({ base: rate, warmupSteps: Math.floor(steps / 10), totalSteps: steps });
const trainer = new Trainer({ method, loader, optimizer, schedule, steps, seed: 0, checkpoint: { dir: 'runs/mae' } });
const { interrupted } = await trainer.fit();
await loader.close();
// Ctrl-C has saved a checkpoint: the same command goes on, and nothing that is not finished is written.
if (interrupted) process.exit();
await saveSafetensors('encoder.safetensors', model.backbone.stateDict());
