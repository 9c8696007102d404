/** Pretrains a ResNet-18 with BYOL on a folder of images: `node --import tsx byol.ts photos`. */
import { DataLoader, ImageFolderDataset, byolViews } from '@selfsup/ssl-data';
import { saveSafetensors } from '@selfsup/ssl-nn';
import { randomKey } from '@selfsup/ssl-tensor';
import { Sgd, Trainer, decayMatrices, scaleByBatch, warmupCosine } from '@selfsup/ssl-train';
import { Byol, byolSmall, imagenetStatistics, resnet18 } from '@selfsup/ssl-vision';

const dataset = await ImageFolderDataset.open(process.argv[2] ?? 'photos');
const [epochs, batchSize, size] = [100, 128, 32];
const loader = new DataLoader({ dataset, views: byolViews({ size }), batchSize });
const backbone = resnet18({ key: randomKey(0), stem: 'cifar' });
const method = new Byol({ backbone, key: randomKey(1), normalize: imagenetStatistics, ...byolSmall });
const rate = scaleByBatch({ base: 0.06, batchSize });
const decay = { weightDecay: 5e-4, decayFilter: decayMatrices };
// The predictor's rate does not fall.
const optimizer = new Sgd(method.parameterGroups(rate), { momentum: 0.9, ...decay });
const steps = epochs * loader.batchesPerEpoch;
const schedule = warmupCosine({ base: rate, warmupSteps: Math.floor(steps / 10), totalSteps: steps });
const trainer = new Trainer({ method, loader, optimizer, schedule, steps, seed: 0, checkpoint: { dir: 'runs/byol' } });
const { interrupted } = await trainer.fit();
await loader.close();
// Ctrl-C has saved a checkpoint: the same command goes on, and nothing that is not finished is written.
if (interrupted) process.exit();
await saveSafetensors('encoder.safetensors', backbone.stateDict());
