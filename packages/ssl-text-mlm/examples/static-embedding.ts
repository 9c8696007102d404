/** A static embedding of what pretrainText wrote, trained further on texts: `node --import tsx static-embedding.ts runs/notes texts`. */
import { readTexts } from '@selfsup/ssl-data/text';
import { loadSafetensors } from '@selfsup/ssl-nn';
import { randomKey } from '@selfsup/ssl-tensor';
import {
  BertForMaskedLM,
  BertTextEncoder,
  SentenceDistillation,
  SentenceLoader,
  TokenDataset,
  WordPieceTokenizer,
  distilStaticEmbedding,
  loadBertConfig,
  loadStaticEmbedding,
  saveStaticEmbedding,
} from '@selfsup/ssl-text-mlm';
import { AdamW, Trainer, warmupCosine } from '@selfsup/ssl-train';

const [run = 'runs/notes', folder = 'texts'] = process.argv.slice(2);
const [epochs, batchSize, dim] = [1, 64, 64];
const { config } = await loadBertConfig(`${run}/transformers/config.json`);
const tokenizer = await WordPieceTokenizer.fromFile(`${run}/tokenizer.json`);
const model = new BertForMaskedLM(config, { key: randomKey(0) });
model.loadStateDict((await loadSafetensors(`${run}/transformers/model.safetensors`)).tensors);
const teacher = new BertTextEncoder(model.bert);

// Of the vocabulary alone; it takes seconds.
const student = await distilStaticEmbedding({ encoder: teacher, tokenizer, dim });
const lines: string[] = [];
await readTexts(folder, {}, (line) => void lines.push(line));
const method = new SentenceDistillation({ student, teacher, key: randomKey(1), distance: 'cosine' });
const loader = new SentenceLoader({
  sentences: TokenDataset.fromTexts(tokenizer, lines, { maxLength: config.maxPositionEmbeddings }),
  padId: tokenizer.specialIds.pad,
  batchSize,
  key: randomKey(2),
});
const optimizer = new AdamW([{ parameters: method.trainable() }]);
const steps = epochs * loader.batchesPerEpoch;
const schedule = warmupCosine({ base: 1e-3, warmupSteps: Math.floor(steps / 10), totalSteps: steps });
const trainer = new Trainer({
  method,
  loader,
  optimizer,
  schedule,
  steps,
  seed: 0,
  checkpoint: { dir: 'runs/static' },
});
const { interrupted } = await trainer.fit();
await loader.close();
// Ctrl-C has saved a checkpoint: the same command goes on, and nothing that is not finished is written.
if (interrupted) process.exit();
await saveStaticEmbedding('static', student, tokenizer);
const loaded = await loadStaticEmbedding('static');
const { shape } = loaded.encoder.embedIds(lines.map((line) => loaded.tokenizer.encode(line)));
process.stdout.write(`${shape.join(' x ')} features\n`);
