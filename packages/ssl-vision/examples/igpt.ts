/** Pretrains a transformer of pixels with iGPT on a folder of images: `node --import tsx igpt.ts photos`. */
import { DataLoader, ImageFolderDataset, maeViews } from '@selfsup/ssl-data';
import { saveSafetensors } from '@selfsup/ssl-nn';
import { randomKey } from '@selfsup/ssl-tensor';
import { AdamW, Trainer, scaleByBatch, warmupCosine } from '@selfsup/ssl-train';
import { IGpt, PixelTransformer, fitPalette, imagenetStatistics, pixelTransformerSmall } from '@selfsup/ssl-vision';

const dataset = await ImageFolderDataset.open(process.argv[2] ?? 'photos');
const [epochs, batchSize, size] = [100, 128, 32];
const loader = new DataLoader({ dataset, views: maeViews({ size }), batchSize });
// The colours of the first batch, which is the same in every run.
const batches = loader.epoch(0)[Symbol.asyncIterator]();
const { value: first } = await batches.next();
await batches.return?.();
const palette = fitPalette(first.views[0], { key: randomKey(2), normalize: imagenetStatistics, colours: 64 });
const backbone = new PixelTransformer({ key: randomKey(0), palette, imageSize: size, ...pixelTransformerSmall });
const method = new IGpt({ backbone, key: randomKey(1), normalize: imagenetStatistics });
const optimizer = new AdamW([{ parameters: method.trainable() }], { betas: [0.9, 0.95], weightDecay: 0 });
const rate = scaleByBatch({ base: 3e-3, batchSize });
const steps = epochs * loader.batchesPerEpoch;
const schedule = warmupCosine({ base: rate, warmupSteps: Math.floor(steps / 10), totalSteps: steps });
const trainer = new Trainer({
  method,
  loader,
  optimizer,
  schedule,
  steps,
  seed: 0,
  checkpoint: { dir: 'runs/igpt' },
});
const { interrupted } = await trainer.fit();
await loader.close();
// Ctrl-C has saved a checkpoint: the same command goes on, and nothing that is not finished is written.
if (interrupted) process.exit();
await saveSafetensors('encoder.safetensors', backbone.stateDict());
