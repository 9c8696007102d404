/** TSDAE on a folder of texts: `node --import tsx tsdae.ts texts`. */
import { readTexts } from '@selfsup/ssl-data/text';
import { saveSafetensors } from '@selfsup/ssl-nn';
import { randomKey } from '@selfsup/ssl-tensor';
import {
  BertModel,
  BertTextEncoder,
  TokenDataset,
  Tsdae,
  TsdaeLoader,
  bertConfig,
  trainWordPiece,
} from '@selfsup/ssl-text-mlm';
import { AdamW, Trainer, constant } from '@selfsup/ssl-train';

const [folder = 'texts'] = process.argv.slice(2);
const [epochs, batchSize, dim] = [1, 64, 192];
const lines: string[] = [];
await readTexts(folder, {}, (line) => void lines.push(line));
const tokenizer = await trainWordPiece({ lines, vocabSize: 8000 });
const config = bertConfig({
  vocabSize: tokenizer.vocabSize,
  hiddenSize: dim,
  numHiddenLayers: 4,
  numAttentionHeads: 3,
  intermediateSize: 4 * dim,
});
// Better: a pretrained model, bert.loadStateDict((await loadSafetensors(path)).tensors).
const bert = new BertModel(config, { key: randomKey(1) });
const encoder = new BertTextEncoder(bert, { pooling: 'cls' });
const method = new Tsdae({ encoder, key: randomKey(2) });
const loader = new TsdaeLoader({
  dataset: TokenDataset.fromTexts(tokenizer, lines, { maxLength: 32 }),
  padId: tokenizer.specialIds.pad,
  batchSize,
  key: randomKey(3),
});
const optimizer = new AdamW([{ parameters: method.trainable() }]);
const steps = epochs * loader.batchesPerEpoch;
const schedule = constant(3e-5);
const trainer = new Trainer({ method, loader, optimizer, schedule, steps, seed: 0, checkpoint: { dir: 'runs/tsdae' } });
const { interrupted } = await trainer.fit();
await loader.close();
// Ctrl-C has saved a checkpoint: the same command goes on, and nothing that is not finished is written.
if (interrupted) process.exit();
await saveSafetensors('encoder.safetensors', encoder.stateDict());
