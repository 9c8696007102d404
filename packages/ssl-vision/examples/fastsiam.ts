/** Pretrains a ResNet-18 with FastSiam on a folder of images: `node --import tsx fastsiam.ts photos`. */
import { DataLoader, ImageFolderDataset, simsiamViews } from '@selfsup/ssl-data';
import { saveSafetensors } from '@selfsup/ssl-nn';
import { randomKey } from '@selfsup/ssl-tensor';
import { Sgd, Trainer, cosine, scaleByBatch } from '@selfsup/ssl-train';
import { FastSiam, fastSiamSmall, imagenetStatistics, resnet18 } from '@selfsup/ssl-vision';

const dataset = await ImageFolderDataset.open(process.argv[2] ?? 'photos');
const [epochs, batchSize, size] = [100, 128, 32];
// Three targets and the view that predicts them.
const views = [...simsiamViews({ size }), ...simsiamViews({ size })];
const loader = new DataLoader({ dataset, views, batchSize });
const backbone = resnet18({ key: randomKey(0), stem: 'cifar' });
const method = new FastSiam({ backbone, key: randomKey(1), normalize: imagenetStatistics, ...fastSiamSmall });
const rate = scaleByBatch({ base: 0.03, batchSize });
const steps = epochs * loader.batchesPerEpoch;
const schedule = cosine({ base: rate, totalSteps: steps });
// The predictor's rate does not fall.
const optimizer = new Sgd(method.parameterGroups(rate), { momentum: 0.9, weightDecay: 5e-4 });
const trainer = new Trainer({
  method,
  loader,
  optimizer,
  schedule,
  steps,
  seed: 0,
  checkpoint: { dir: 'runs/fastsiam' },
});
const { interrupted } = await trainer.fit();
await loader.close();
// Ctrl-C has saved a checkpoint: the same command goes on, and nothing that is not finished is written.
if (interrupted) process.exit();
await saveSafetensors('encoder.safetensors', backbone.stateDict());
