/** Trains a tokenizer, then a vision transformer with BEiT, on a folder of images: `node --import tsx beit.ts photos`. */
import { DataLoader, ImageFolderDataset, maeViews } from '@selfsup/ssl-data';
import { saveSafetensors } from '@selfsup/ssl-nn';
import { randomKey } from '@selfsup/ssl-tensor';
import { AdamW, Trainer, clipByGlobalNorm, decayMatrices, scaleByBatch, warmupCosine } from '@selfsup/ssl-train';
import { Beit, DiscreteVae, VisualTokenizer, beitSmall, beitTransformer } from '@selfsup/ssl-vision';
import { discreteVaeSmall, imagenetStatistics, visualTokenizerSmall } from '@selfsup/ssl-vision';

const dataset = await ImageFolderDataset.open(process.argv[2] ?? 'photos');
const [epochs, batchSize, size] = [100, 128, 32];
const loader = new DataLoader({ dataset, views: maeViews({ size }), batchSize });
const steps = epochs * loader.batchesPerEpoch;
const warmupSteps = Math.floor(steps / 10);

const tokenizer = new VisualTokenizer({ key: randomKey(0), ...visualTokenizerSmall });
const vae = new DiscreteVae({ tokenizer, ...discreteVaeSmall });
const tokens = await new Trainer({
  method: vae,
  loader,
  optimizer: new AdamW([{ parameters: vae.trainable() }], { weightDecay: 1e-4 }),
  schedule: warmupCosine({ base: 1e-3, warmupSteps, totalSteps: steps }),
  steps,
  seed: 0,
  checkpoint: { dir: 'runs/tokenizer' },
}).fit();
// Ctrl-C has saved a checkpoint: the same command goes on, and nothing that is not finished is written.
if (tokens.interrupted) process.exit();
await saveSafetensors('tokenizer.safetensors', tokenizer.stateDict());

const backbone = beitTransformer({ key: randomKey(1), imageSize: size, ...beitSmall });
const method = new Beit({ backbone, tokenizer, key: randomKey(2), normalize: imagenetStatistics });
const decay = { weightDecay: 0.05, decayFilter: decayMatrices };
const { interrupted } = await new Trainer({
  method,
  loader,
  optimizer: new AdamW([{ parameters: method.trainable() }], decay),
  schedule: warmupCosine({ base: scaleByBatch({ base: 1e-3, batchSize }), warmupSteps, totalSteps: steps }),
  gradientStages: [clipByGlobalNorm(3)],
  steps,
  seed: 0,
  checkpoint: { dir: 'runs/beit' },
}).fit();
await loader.close();
if (interrupted) process.exit();
await saveSafetensors('encoder.safetensors', backbone.stateDict());
