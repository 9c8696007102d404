// What somebody does in the first hour with a folder of pictures, in small: an encoder learnt without labels, what it takes
// for similar, and a classifier from ten labels per class. The harness copies it into a project; `photos` is beside it.
import { DataLoader, drawRows, ImageFolderDataset, readImages, simclrViews } from '@selfsup/ssl-data';
import { loadSafetensors, saveSafetensors } from '@selfsup/ssl-nn';
import { randomKey } from '@selfsup/ssl-tensor';
import { AdamW, Trainer, warmupCosine } from '@selfsup/ssl-train';
import {
  extractFeatures,
  gatherRows,
  inBatches,
  labelDraws,
  linearProbe,
  nearestNeighbours,
} from '@selfsup/ssl-transfer';
import { imagenetStatistics, normalizeImages, SimClr, SmallConvEncoder } from '@selfsup/ssl-vision';

const size = 16;
const start = performance.now();
const dataset = await ImageFolderDataset.open('photos', { resize: { width: size, height: size, fit: 'cover' } });
const loader = new DataLoader({ dataset, views: simclrViews({ size, strength: 0.3 }), batchSize: 32, workers: 1 });
const backbone = new SmallConvEncoder({ key: randomKey(0), inChannels: 3 });
const method = new SimClr({ backbone, key: randomKey(1), normalize: imagenetStatistics });
const steps = 8 * loader.batchesPerEpoch;
const trainer = new Trainer({
  method,
  loader,
  optimizer: new AdamW([{ parameters: method.trainable() }]),
  schedule: warmupCosine({ base: 2e-3, warmupSteps: 2, totalSteps: steps }),
  steps,
  seed: 0,
});
const { history } = await trainer.fit();
await loader.close();
await saveSafetensors('encoder.safetensors', backbone.stateDict());

const encoder = new SmallConvEncoder({ key: randomKey(9), inChannels: 3 });
encoder.loadStateDict((await loadSafetensors('encoder.safetensors')).tensors);
const { images, labels } = await readImages(dataset);
const features = await extractFeatures(
  (batch) => encoder.forward(normalizeImages(batch, imagenetStatistics)),
  inBatches(images, 32),
);

const { indexes } = await nearestNeighbours(features, features, 2);
// The nearest one is the picture itself.
const alike = labels.filter((label, index) => labels[indexes.data[2 * index + 1]] === label).length / labels.length;
await drawRows('neighbours.png', images, indexes);
console.error(`most similar to picture 0: picture ${indexes.data[1]}`);

const [rows] = labelDraws(labels, 10, 1, randomKey(2));
const { accuracy } = linearProbe({
  train: gatherRows(features, rows),
  trainLabels: gatherRows({ data: labels, shape: [labels.length] }, rows).data,
  test: features,
  testLabels: labels,
});
console.log(
  JSON.stringify({
    losses: [history[0].loss, history.at(-1).loss],
    alike,
    accuracy,
    seconds: (performance.now() - start) / 1000,
    megabytes: process.resourceUsage().maxRSS / 1024,
  }),
);
