/** Pretrains a ResNet-18 with W-MSE on a folder of images: `node --import tsx w-mse.ts photos`. */
import { DataLoader, ImageFolderDataset, simclrViews } from '@selfsup/ssl-data';
import { saveSafetensors } from '@selfsup/ssl-nn';
import { randomKey } from '@selfsup/ssl-tensor';
import { Adam, Trainer, decayMatrices, scaleByBatch, warmupCosine } from '@selfsup/ssl-train';
import { WMse, imagenetStatistics, resnet18 } from '@selfsup/ssl-vision';

const dataset = await ImageFolderDataset.open(process.argv[2] ?? 'photos');
const [epochs, batchSize, size] = [100, 128, 32];
// The batch is a multiple of wSize, here twice outDim.
const loader = new DataLoader({ dataset, views: simclrViews({ size }), batchSize });
const backbone = resnet18({ key: randomKey(0), stem: 'cifar' });
const method = new WMse({ backbone, key: randomKey(1), normalize: imagenetStatistics, outDim: 64 });
const decay = { weightDecay: 1e-6, decayFilter: decayMatrices };
const optimizer = new Adam([{ parameters: method.trainable() }], decay);
const rate = scaleByBatch({ base: 1e-3, batchSize });
const steps = epochs * loader.batchesPerEpoch;
const schedule = warmupCosine({ base: rate, warmupSteps: Math.floor(steps / 10), totalSteps: steps });
const trainer = new Trainer({ method, loader, optimizer, schedule, steps, seed: 0, checkpoint: { dir: 'runs/w-mse' } });
const { interrupted } = await trainer.fit();
await loader.close();
// Ctrl-C has saved a checkpoint: the same command goes on, and nothing that is not finished is written.
if (interrupted) process.exit();
await saveSafetensors('encoder.safetensors', backbone.stateDict());
