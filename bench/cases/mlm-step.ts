/** Times one masked-language-modelling step of BERT 3 x 128 (vocabulary 8,192, 128 x 32 tokens) with AdamW. Prints one JSON line. */
import * as tf from '@tensorflow/tfjs-core';
import { training } from 'ssl-nn';
import { compile, randomKey, RandomStream } from 'ssl-tensor';
import { BertForMaskedLM, bertConfig, MaskedLanguageModelling, type MlmBatch } from 'ssl-text-mlm';
import { AdamW, decayEverything, type Tensors } from 'ssl-train';
import { timeSteps } from '../time-steps.js';

const [batch, tokens, vocabulary] = [128, Number(process.env['TOKENS'] ?? 32), 8192];
const random = new RandomStream(randomKey(1));
const config = bertConfig({
  vocabSize: vocabulary,
  hiddenSize: 128,
  numHiddenLayers: 3,
  numAttentionHeads: 4,
  intermediateSize: 512,
  maxPositionEmbeddings: 32,
  hiddenDropout: 0,
  attentionDropout: 0,
});
const method = new MaskedLanguageModelling(new BertForMaskedLM(config, { key: randomKey(0) }));
const optimizer = new AdamW([{ parameters: method.trainable() }], { weightDecay: 0.01, decayFilter: decayEverything });
const variables = [...method.trainable().values()].map(({ variable }) => variable);
const step = compile(
  (data: Tensors<MlmBatch>, learningRate: tf.Scalar) => {
    const { value, grads } = tf.variableGrads(() => method.loss(data, training).loss, variables);
    optimizer.apply(grads, learningRate);
    return value;
  },
  { name: 'mlm-step', ...(process.env['PROFILE'] === undefined ? {} : { profile: process.env['PROFILE'] }) },
);
const masked = Math.round(0.15 * batch * tokens);
const integers = (length: number, bound: number): Int32Array =>
  Int32Array.from({ length }, () => random.integer(bound));
const data = {
  inputIds: { data: integers(batch * tokens, vocabulary), shape: [batch, tokens] },
  attentionMask: { data: new Int32Array(batch * tokens).fill(1), shape: [batch, tokens] },
  maskedPositions: { data: integers(masked, batch * tokens), shape: [masked] },
  maskedLabels: { data: integers(masked, vocabulary), shape: [masked] },
  maskedWeights: { data: new Float32Array(masked).fill(1), shape: [masked] },
};
await timeSteps(() => step(data as never, { data: Float32Array.of(1e-3), shape: [] }));
step.dispose();
