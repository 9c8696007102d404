/** CLIP on a folder of images and a text file with a line for each, in the order of their paths: `node --import tsx clip.ts photos captions.txt`. */
import { readFile } from 'node:fs/promises';
import { DataLoader, ImageFolderDataset, maeViews } from '@selfsup/ssl-data';
import { Clip, ImageTextLoader } from '@selfsup/ssl-multimodal';
import { saveSafetensors } from '@selfsup/ssl-nn';
import { randomKey } from '@selfsup/ssl-tensor';
import { BertModel, BertTextEncoder, TokenDataset, bertConfig, trainWordPiece } from '@selfsup/ssl-text-mlm';
import { AdamW, Trainer, decayMatrices, warmupCosine } from '@selfsup/ssl-train';
import { imagenetStatistics, resnet18 } from '@selfsup/ssl-vision';

const [photos = 'photos', texts = 'captions.txt'] = process.argv.slice(2);
const dataset = await ImageFolderDataset.open(photos);
const captions = (await readFile(texts, 'utf8')).trim().split('\n');
const [epochs, batchSize, size] = [100, 128, 32];
const tokenizer = await trainWordPiece({ lines: captions, vocabSize: 8000 });
const config = bertConfig({
  vocabSize: tokenizer.vocabSize,
  hiddenSize: 192,
  numHiddenLayers: 4,
  numAttentionHeads: 3,
  intermediateSize: 768,
});
const loader = new ImageTextLoader({
  images: new DataLoader({ dataset, views: maeViews({ size, minScale: 0.5 }), batchSize }),
  texts: TokenDataset.fromTexts(tokenizer, captions, { maxLength: 32 }),
  padId: tokenizer.specialIds.pad,
});
// With loss: 'siglip' each pair counts by itself.
const method = new Clip({
  image: resnet18({ key: randomKey(0), stem: 'cifar' }),
  text: new BertTextEncoder(new BertModel(config, { key: randomKey(1) })),
  key: randomKey(2),
  normalize: imagenetStatistics,
});
const decay = { weightDecay: 0.2, decayFilter: decayMatrices };
const optimizer = new AdamW([{ parameters: method.trainable() }], decay);
const steps = epochs * loader.batchesPerEpoch;
const schedule = warmupCosine({ base: 5e-4, warmupSteps: Math.floor(steps / 10), totalSteps: steps });
const trainer = new Trainer({ method, loader, optimizer, schedule, steps, seed: 0, checkpoint: { dir: 'runs/clip' } });
const { interrupted } = await trainer.fit();
await loader.close();
// Ctrl-C has saved a checkpoint: the same command goes on, and nothing that is not finished is written.
if (interrupted) process.exit();
for (const [name, module] of Object.entries(method.modules))
  await saveSafetensors(`clip-${name}.safetensors`, module.stateDict());
