/** Distils DINOv2's ViT-S/14 into a ResNet-18 on a folder of images: `node --import tsx distillation.ts photos dinov2_vits14.safetensors`. */
import { DataLoader, ImageFolderDataset, compose, horizontalFlip, randomResizedCrop } from '@selfsup/ssl-data';
import { loadSafetensors, saveSafetensors } from '@selfsup/ssl-nn';
import { randomKey } from '@selfsup/ssl-tensor';
import { AdamW, Trainer, decayMatrices, warmupCosine } from '@selfsup/ssl-train';
import { Distillation, dinoV2Small, distillationDense, imagenetStatistics, resnet18 } from '@selfsup/ssl-vision';

const [folder = 'photos', file = 'teacher.safetensors'] = process.argv.slice(2);
const dataset = await ImageFolderDataset.open(folder);
const [epochs, batchSize, size] = [100, 128, 32];
// One view of each picture for both: the teacher sees it at a size that its patches of 14 divide, the student reduced.
const view = compose(randomResizedCrop({ size: 112, scale: [0.3, 1] }), horizontalFlip());
const loader = new DataLoader({ dataset, views: [view], batchSize });
const encoder = dinoV2Small({ key: randomKey(2) });
encoder.loadStateDict((await loadSafetensors(file)).tensors);
const backbone = resnet18({ key: randomKey(0), stem: 'cifar' });
const method = new Distillation({
  backbone,
  key: randomKey(1),
  normalize: imagenetStatistics,
  size,
  teacher: { encoder, normalize: imagenetStatistics },
  ...distillationDense,
});
const decay = { weightDecay: 0.05, decayFilter: decayMatrices };
const optimizer = new AdamW([{ parameters: method.trainable() }], decay);
const steps = epochs * loader.batchesPerEpoch;
const schedule = warmupCosine({ base: 1e-3, warmupSteps: Math.floor(steps / 10), totalSteps: steps });
const dir = 'runs/distillation';
const trainer = new Trainer({ method, loader, optimizer, schedule, steps, seed: 0, checkpoint: { dir } });
const { interrupted } = await trainer.fit();
await loader.close();
// Ctrl-C has saved a checkpoint: the same command goes on, and nothing that is not finished is written.
if (interrupted) process.exit();
await saveSafetensors('encoder.safetensors', backbone.stateDict());
