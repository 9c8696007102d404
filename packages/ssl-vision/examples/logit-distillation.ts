/** Distils a classifier in an ONNX file into a ResNet-18 on a folder of images without labels: `node --import tsx logit-distillation.ts photos classifier.onnx`. */
import { DataLoader, ImageFolderDataset, compose, horizontalFlip, randomResizedCrop } from '@selfsup/ssl-data';
import { saveSafetensors } from '@selfsup/ssl-nn';
import { randomKey } from '@selfsup/ssl-tensor';
import { AdamW, Trainer, decayMatrices, warmupCosine } from '@selfsup/ssl-train';
import { LogitDistillation, OnnxEncoder, imagenetStatistics, resnet18 } from '@selfsup/ssl-vision';

const [folder = 'photos', file = 'classifier.onnx'] = process.argv.slice(2);
const dataset = await ImageFolderDataset.open(folder);
const [epochs, batchSize, size] = [100, 128, 32];
const view = compose(randomResizedCrop({ size, scale: [0.3, 1] }), horizontalFlip());
const loader = new DataLoader({ dataset, views: [view], batchSize });
const encoder = await OnnxEncoder.open(file);
const backbone = resnet18({ key: randomKey(0), stem: 'cifar' });
const method = new LogitDistillation({
  backbone,
  key: randomKey(1),
  normalize: imagenetStatistics,
  teacher: { encoder, normalize: imagenetStatistics },
});
const decay = { weightDecay: 0.05, decayFilter: decayMatrices };
const optimizer = new AdamW([{ parameters: method.trainable() }], decay);
const steps = epochs * loader.batchesPerEpoch;
const schedule = warmupCosine({ base: 1e-3, warmupSteps: Math.floor(steps / 10), totalSteps: steps });
const dir = 'runs/logit-distillation';
const trainer = new Trainer({ method, loader, optimizer, schedule, steps, seed: 0, checkpoint: { dir } });
const { interrupted } = await trainer.fit();
await loader.close();
// Ctrl-C has saved a checkpoint: the same command goes on, and nothing that is not finished is written.
if (interrupted) process.exit();
await saveSafetensors('encoder.safetensors', backbone.stateDict());
await saveSafetensors('classifier.safetensors', method.modules.head.stateDict());
