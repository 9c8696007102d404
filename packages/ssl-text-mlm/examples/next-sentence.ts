/** BERT as it was pretrained, masked words and next sentences, on a folder of texts: `node --import tsx next-sentence.ts texts`. */
import { readTexts } from '@selfsup/ssl-data/text';
import { saveSafetensors } from '@selfsup/ssl-nn';
import { randomKey } from '@selfsup/ssl-tensor';
import {
  BertForPreTraining,
  MlmLoader,
  SentencePairPrediction,
  bertConfig,
  documentPairs,
  sentencePairs,
  trainWordPiece,
} from '@selfsup/ssl-text-mlm';
import { AdamW, Trainer, warmupCosine } from '@selfsup/ssl-train';

const [folder = 'texts'] = process.argv.slice(2);
const [epochs, batchSize, dim] = [10, 64, 192];
// A document is a paragraph here, and its texts are sentences.
const documents: string[][] = [];
await readTexts(folder, { unit: 'paragraph' }, (text) => void documents.push(text.split(/(?<=[.!?])\s+/)));
const tokenizer = await trainWordPiece({ lines: documents.flat(), vocabSize: 8000 });
const maxLength = 64;
const dataset = sentencePairs({
  pairs: documentPairs(tokenizer, documents, { maxLength }),
  task: 'next-sentence', // or 'sentence-order', as ALBERT has it
  key: randomKey(1),
});
const loader = new MlmLoader({ dataset, tokenizer, batchSize, key: randomKey(2) });
const config = bertConfig({
  vocabSize: tokenizer.vocabSize,
  hiddenSize: dim,
  numHiddenLayers: 4,
  numAttentionHeads: 3,
  intermediateSize: 4 * dim,
  maxPositionEmbeddings: maxLength,
});
const model = new BertForPreTraining(config, { key: randomKey(3) });
const method = new SentencePairPrediction(model, { task: 'next-sentence' });
const optimizer = new AdamW([{ parameters: method.trainable() }]);
const steps = epochs * loader.batchesPerEpoch;
const schedule = warmupCosine({ base: 5e-4, warmupSteps: Math.floor(steps / 10), totalSteps: steps });
const checkpoint = { dir: 'runs/next-sentence' };
const trainer = new Trainer({ method, loader, optimizer, schedule, steps, seed: 0, checkpoint });
const { history, interrupted } = await trainer.fit();
await loader.close();
// Ctrl-C has saved a checkpoint: the same command goes on, and nothing that is not finished is written.
if (interrupted) process.exit();
const { pairAccuracy, maskedAccuracy } = history.at(-1)!.metrics;
process.stdout.write(`words ${maskedAccuracy!.toFixed(3)}, next sentences ${pairAccuracy!.toFixed(3)}\n`);
await saveSafetensors('model.safetensors', model.stateDict(), { format: 'pt' });
