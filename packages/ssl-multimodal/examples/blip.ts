/**
 * Pretrains BLIP on a folder of images and a file with a caption in each line, in the order of the images' paths, and
 * captions the first images: `node --import tsx blip.ts photos captions.txt`.
 */
import { readFile } from 'node:fs/promises';
import { DataLoader, ImageFolderDataset, maeViews } from '@selfsup/ssl-data';
import { Blip, blipSmall, ImageTextLoader, MapTokens, withBlipTokens } from '@selfsup/ssl-multimodal';
import { saveSafetensors } from '@selfsup/ssl-nn';
import { randomKey } from '@selfsup/ssl-tensor';
import { bertConfig, TokenDataset, trainWordPiece } from '@selfsup/ssl-text-mlm';
import { AdamW, Trainer, decayMatrices, warmupCosine } from '@selfsup/ssl-train';
import { imagenetStatistics, resnet18 } from '@selfsup/ssl-vision';

const [folder = 'photos', file = 'captions.txt'] = process.argv.slice(2);
const [epochs, batchSize, size, hiddenSize] = [100, 64, 32, 256];
const dataset = await ImageFolderDataset.open(folder);
const captions = (await readFile(file, 'utf8')).trim().split('\n');
const tokenizer = withBlipTokens(await trainWordPiece({ lines: captions, vocabSize: 4000 }));
const loader = new ImageTextLoader({
  images: new DataLoader({ dataset, views: maeViews({ size }), batchSize }),
  texts: TokenDataset.fromTexts(tokenizer, captions, { maxLength: 30 }),
  padId: tokenizer.specialIds.pad,
});
const method = new Blip({
  image: new MapTokens(resnet18({ key: randomKey(0), stem: 'cifar' })),
  text: bertConfig({
    vocabSize: tokenizer.vocabSize,
    hiddenSize,
    numHiddenLayers: 3,
    numAttentionHeads: 4,
    intermediateSize: 4 * hiddenSize,
    maxPositionEmbeddings: 30,
    initializerRange: hiddenSize ** -0.5,
  }),
  tokenizer,
  key: randomKey(1),
  normalize: imagenetStatistics,
  ...blipSmall,
});
const decay = { weightDecay: 0.05, decayFilter: decayMatrices };
const optimizer = new AdamW([{ parameters: method.trainable() }], decay);
const steps = epochs * loader.batchesPerEpoch;
const schedule = warmupCosine({ base: 1e-3, warmupSteps: Math.floor(steps / 10), totalSteps: steps });
const trainer = new Trainer({ method, loader, optimizer, schedule, steps, seed: 0, checkpoint: { dir: 'runs/blip' } });
const { interrupted } = await trainer.fit();
// Ctrl-C has saved a checkpoint: the same command goes on, and nothing that is not finished is written.
if (interrupted) process.exit();
for await (const { images } of loader.epoch(0)) {
  process.stdout.write(`${(await method.caption(images, { search: 'beam' })).join('\n')}\n`);
  break;
}
await loader.close();
await saveSafetensors('captioner.safetensors', method.modules.captioner.stateDict());
await tokenizer.save('tokenizer.json');
