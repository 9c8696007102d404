/** Pretrains a small vision transformer with MoCo v3 on a folder of images: `node --import tsx moco-v3.ts photos`. */
import { DataLoader, ImageFolderDataset, mocoV3Views } from '@selfsup/ssl-data';
import { saveSafetensors } from '@selfsup/ssl-nn';
import { randomKey } from '@selfsup/ssl-tensor';
import { AdamW, Trainer, scaleByBatch, warmupCosine } from '@selfsup/ssl-train';
import { MocoV3, VisionTransformer, imagenetStatistics, mocoV3Small } from '@selfsup/ssl-vision';

const dataset = await ImageFolderDataset.open(process.argv[2] ?? 'photos');
const [epochs, batchSize, size] = [100, 128, 32];
const loader = new DataLoader({ dataset, views: mocoV3Views({ size }), batchSize });
const backbone = new VisionTransformer({
  key: randomKey(0),
  imageSize: size,
  patchSize: 4,
  dim: 192,
  depth: 6,
  heads: 3,
  positions: 'sinCos',
});
const method = new MocoV3({ backbone, key: randomKey(1), normalize: imagenetStatistics, ...mocoV3Small });
const optimizer = new AdamW([{ parameters: method.trainable() }], { weightDecay: 0.1 });
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
  checkpoint: { dir: 'runs/moco-v3' },
});
const { interrupted } = await trainer.fit();
await loader.close();
// Ctrl-C has saved a checkpoint: the same command goes on, and nothing that is not finished is written.
if (interrupted) process.exit();
await saveSafetensors('encoder.safetensors', backbone.stateDict());
