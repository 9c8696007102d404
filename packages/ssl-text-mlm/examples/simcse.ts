/** SimCSE and Matryoshka on a folder of texts, with masked-language modelling beside: `node --import tsx simcse.ts texts`. */
import { readTexts } from '@selfsup/ssl-data/text';
import { saveSafetensors } from '@selfsup/ssl-nn';
import { randomKey } from '@selfsup/ssl-tensor';
import {
  BertForMaskedLM,
  BertTextEncoder,
  Matryoshka,
  MlmLoader,
  type SentenceBatch,
  SentenceLoader,
  SimCse,
  TokenDataset,
  bertConfig,
  trainWordPiece,
} from '@selfsup/ssl-text-mlm';
import { AdamW, Trainer, polynomial } from '@selfsup/ssl-train';

const [folder = 'texts'] = process.argv.slice(2);
const [epochs, batchSize, dim] = [1, 64, 192];
const lines: string[] = [];
await readTexts(folder, {}, (line) => void lines.push(line));
const tokenizer = await trainWordPiece({ lines, vocabSize: 8000 });
const sentences = TokenDataset.fromTexts(tokenizer, lines, { maxLength: 32 });
const sizes = { hiddenSize: dim, numHiddenLayers: 4, numAttentionHeads: 3, intermediateSize: 4 * dim };
const config = bertConfig({ vocabSize: tokenizer.vocabSize, ...sizes });
// Better: the encoder of a pretrained model, mlm.loadStateDict((await loadSafetensors(path)).tensors).
const mlm = new BertForMaskedLM(config, { key: randomKey(1) });
const encoder = new BertTextEncoder(mlm.bert, { pooling: 'cls' });
const simCse = new SimCse({ encoder, mlm, key: randomKey(2) });
// The first 48 and 96 columns become embeddings of their own.
const method = new Matryoshka<SentenceBatch>({ method: simCse, widths: [dim / 4, dim / 2, dim] });
const loader = new SentenceLoader({
  sentences,
  padId: tokenizer.specialIds.pad,
  batchSize,
  key: randomKey(3),
  mlm: new MlmLoader({ dataset: sentences, tokenizer, batchSize, key: randomKey(4) }),
});
const optimizer = new AdamW([{ parameters: method.trainable() }]);
const steps = epochs * loader.batchesPerEpoch;
const schedule = polynomial({ base: 3e-5, totalSteps: steps });
const trainer = new Trainer({
  method,
  loader,
  optimizer,
  schedule,
  steps,
  seed: 0,
  checkpoint: { dir: 'runs/simcse' },
});
const { interrupted } = await trainer.fit();
await loader.close();
// Ctrl-C has saved a checkpoint: the same command goes on, and nothing that is not finished is written.
if (interrupted) process.exit();
await saveSafetensors('encoder.safetensors', encoder.stateDict());
