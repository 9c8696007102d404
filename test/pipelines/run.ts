// Has the real transformers.js load the folders of exportPipeline, in a project of its own: fills masks, makes vectors and
// classifies, and compares with the models that were written.
//
//   npm run test:pipelines
import '@tensorflow/tfjs-backend-cpu';
import { strict as assert } from 'node:assert';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { randomKey } from '@selfsup/ssl-core';
import {
  BertForSequenceClassification,
  BertTextEncoder,
  bertConfig,
  BertForMaskedLM,
  exportPipeline,
  fillMask,
  modernBertConfig,
  ModernBertForMaskedLM,
  trainWordPiece,
} from '@selfsup/ssl-text-mlm';
import * as tf from '@tensorflow/tfjs-core';

/** Its version, as the registry has it. */
const library = '@huggingface/transformers@4.3.2';
const lines = ['a cat eats fish', 'a dog chews a bone', 'birds pick seeds', 'fish'];
const maxLength = 16;
const key = randomKey(3);
const folder = mkdtempSync(join(tmpdir(), 'ssl-transformers-js-'));

const program = `
import { env, pipeline } from '@huggingface/transformers';
env.allowRemoteModels = false;
env.localModelPath = ${JSON.stringify(`${folder}/`)};
const [families, lines] = ${JSON.stringify([['bert', 'modernbert'], lines])};
const results = {};
for (const family of families) {
  const vectors = await pipeline('feature-extraction', family + '-vectors', { dtype: 'fp32' });
  results[family] = { vectors: (await vectors(lines, { pooling: 'mean' })).tolist() };
  const fill = await pipeline('fill-mask', family + '-words', { dtype: 'fp32' });
  results[family].words = await fill('a cat [MASK] fish', { top_k: 3 });
}
const classify = await pipeline('text-classification', 'bert-classes', { dtype: 'fp32' });
results.classes = await classify(lines, { top_k: 3 });
console.log(JSON.stringify(results));
`;

interface Results {
  readonly [family: string]: {
    readonly vectors: readonly (readonly number[])[];
    readonly words: readonly { readonly token: number; readonly score: number }[];
  };
}

try {
  const tokenizer = await trainWordPiece({ lines, vocabSize: 90 });
  const own = {
    vocabSize: tokenizer.vocabSize,
    hiddenSize: 16,
    numHiddenLayers: 2,
    numAttentionHeads: 2,
    intermediateSize: 24,
    maxPositionEmbeddings: maxLength,
    initializerRange: 0.3,
  };
  const models = {
    bert: new BertForMaskedLM(bertConfig(own), { key }),
    modernbert: new ModernBertForMaskedLM(modernBertConfig({ ...own, localAttention: 4 }), { key }),
  };
  for (const [name, model] of Object.entries(models)) {
    const at = (part: string): string => join(folder, `${name}-${part}`);
    await exportPipeline({
      folder: at('vectors'),
      task: 'feature-extraction',
      model: model.encoder,
      tokenizer,
      maxLength,
    });
    await exportPipeline({ folder: at('words'), task: 'fill-mask', model, tokenizer, maxLength });
  }
  const classifier = new BertForSequenceClassification(bertConfig(own), { key, numLabels: 3 });
  const labels = ['cats', 'dogs', 'birds'];
  await exportPipeline({
    folder: join(folder, 'bert-classes'),
    task: 'text-classification',
    model: classifier,
    tokenizer,
    labels,
  });

  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
  writeFileSync(join(folder, 'load.mjs'), program);
  // Its runtimes come as they are; the scripts of their packages fetch what a GPU wants.
  execFileSync('npm', ['install', '--ignore-scripts', '--no-audit', '--no-fund', library], {
    cwd: folder,
    stdio: 'pipe',
  });
  const said = execFileSync(process.execPath, ['load.mjs'], { cwd: folder, encoding: 'utf8' });
  const results = JSON.parse(said.trim().split('\n').at(-1)!) as Results & {
    readonly classes: readonly (readonly { readonly label: string; readonly score: number }[])[];
  };

  let worst = 0;
  const compare = (ours: number, theirs: number): void => void (worst = Math.max(worst, Math.abs(ours - theirs)));
  const inputsOf = (text: string): { inputIds: tf.Tensor } => {
    const ids = tokenizer.encode(text);
    return { inputIds: tf.tensor2d(ids, [1, ids.length], 'int32') };
  };
  for (const [name, model] of Object.entries(models)) {
    const { vectors, words } = results[name]!;
    for (const [row, text] of lines.entries()) {
      const ours = new BertTextEncoder(model.encoder).forward(inputsOf(text)).dataSync();
      ours.forEach((value, at) => compare(value, vectors[row]![at]!));
    }
    const [filled] = await fillMask(model, tokenizer, 'a cat [MASK] fish', 3);
    assert.deepEqual(
      words.map(({ token }) => token),
      filled!.candidates.map(({ id }) => id),
    );
    filled!.candidates.forEach(({ probability }, at) => compare(probability, words[at]!.score));
  }
  for (const [row, text] of lines.entries()) {
    const ours = tf.softmax(classifier.forward(inputsOf(text))).dataSync();
    for (const { label, score } of results.classes[row]!) compare(ours[labels.indexOf(label)]!, score);
  }
  assert.ok(worst < 1e-4, `differences of up to ${worst}`);
  console.log(`${library}: 5 folders, largest difference ${worst.toExponential(1)}`);
} finally {
  rmSync(folder, { recursive: true });
}
