/** Pretrains a vision transformer with CAPI on a folder of images: `node --import tsx capi.ts photos`. */
import { DataLoader, ImageFolderDataset, maeViews } from '@selfsup/ssl-data';
import { saveSafetensors } from '@selfsup/ssl-nn';
import { randomKey } from '@selfsup/ssl-tensor';
import { AdamW, Trainer, decayMatrices, scaleByBatch, warmupCosine } from '@selfsup/ssl-train';
import { Capi, VisionTransformer, capiSmall, imagenetStatistics } from '@selfsup/ssl-vision';

const dataset = await ImageFolderDataset.open(process.argv[2] ?? 'photos');
const [epochs, batchSize, size] = [100, 128, 32];
const loader = new DataLoader({ dataset, views: maeViews({ size }), batchSize });
const backbone = new VisionTransformer({
  key: randomKey(0),
  imageSize: size,
  patchSize: 4,
  dim: 192,
  depth: 6,
  heads: 3,
  pool: 'mean',
});
const method = new Capi({ backbone, key: randomKey(1), normalize: imagenetStatistics, ...capiSmall });
const decay = { weightDecay: 0.1, decayFilter: decayMatrices };
// The clusters' rate is half of the run's.
const optimizer = new AdamW(method.parameterGroups(), { ...decay, betas: [0.9, 0.95] });
const rate = scaleByBatch({ base: 1e-3, batchSize });
const steps = epochs * loader.batchesPerEpoch;
const schedule = warmupCosine({ base: rate, warmupSteps: Math.floor(steps / 10), totalSteps: steps });
const trainer = new Trainer({ method, loader, optimizer, schedule, steps, seed: 0, checkpoint: { dir: 'runs/capi' } });
const { interrupted } = await trainer.fit();
await loader.close();
// Ctrl-C has saved a checkpoint: the same command goes on, and nothing that is not finished is written.
if (interrupted) process.exit();
await saveSafetensors('encoder.safetensors', method.modules.teacher.stateDict());
