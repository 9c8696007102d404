// Writes folders of small models of each family, and has the real transformers load them: names, scores and the outputs of
// encoders must be equal. Makes a virtual environment with transformers and torch from PyPI: some minutes.
//
//   npm run test:transformers -- [--python /path/to/python3]
//
// --python   one that has transformers, torch and safetensors, in place of a new environment
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { strict as assert } from 'node:assert';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type Module, saveSafetensors } from '@selfsup/ssl-nn';
import { randomKey } from '@selfsup/ssl-core';
import {
  bertConfig,
  BertForMaskedLM,
  BertForPreTraining,
  BertModel,
  debertaConfig,
  DebertaForMaskedLM,
  DebertaModel,
  debertaV2Config,
  DebertaV2ForMaskedLM,
  DebertaV2Model,
  distilBertConfig,
  DistilBertForMaskedLM,
  DistilBertModel,
  electraConfig,
  ElectraForMaskedLM,
  ElectraForPreTraining,
  ElectraModel,
  type MaskedLmModel,
  modernBertConfig,
  ModernBertForMaskedLM,
  ModernBertForSequenceClassification,
  robertaConfig,
  RobertaForMaskedLM,
  RobertaModel,
  textConfigToJson,
  TextForQuestionAnswering,
  TextForSequenceClassification,
  TextForTokenClassification,
  type TextModel,
} from '@selfsup/ssl-text-mlm';
import { repositoryRoot } from '../../tools/workspaces.js';
import { call, pythonWith } from '../loggers/python-with.js';

const { values: options } = parseArgs({ options: { python: { type: 'string' } } });
const key = randomKey(3);
const sizes = {
  vocabSize: 60,
  hiddenSize: 16,
  numHiddenLayers: 2,
  numAttentionHeads: 2,
  intermediateSize: 24,
  maxPositionEmbeddings: 20,
};
const ids = [2, 9, 10, 11, 12, 3, 2, 7, 3];
const inputs = {
  inputIds: tf.tensor2d([...ids, ...ids.toReversed()], [2, 9], 'int32'),
  attentionMask: tf.tensor2d([1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0], [2, 9], 'int32'),
};
const bert = bertConfig(sizes);
const roberta = robertaConfig(sizes);
const distil = distilBertConfig(sizes);
const electra = electraConfig({ ...sizes, embeddingSize: 8 });
const deberta = debertaConfig({ ...sizes, embeddingSize: 8, legacy: true, maxRelativePositions: 5 });
const debertaV3 = debertaV2Config({ ...sizes, positionBuckets: 4 });
const debertaV2 = debertaV2Config({ ...debertaV3, convKernelSize: 3, shareAttKey: false, typeVocabSize: 2 });

/** Each family: a masked language model, and an encoder for the heads, with a pooler where transformers has one. */
const families: readonly (readonly [MaskedLmModel, (pooler: boolean) => TextModel])[] = [
  [new BertForMaskedLM(bert, { key }), (pooler) => new BertModel(bert, { key, pooler })],
  [
    new BertForMaskedLM({ ...bert, tieWordEmbeddings: false }, { key }),
    (pooler) => new BertModel(bert, { key, pooler }),
  ],
  [new RobertaForMaskedLM(roberta, { key }), () => new RobertaModel(roberta, { key })],
  [new RobertaForMaskedLM({ ...roberta, tieWordEmbeddings: false }, { key }), () => new RobertaModel(roberta, { key })],
  [new DistilBertForMaskedLM(distil, { key }), () => new DistilBertModel(distil, { key })],
  [new ElectraForMaskedLM(electra, { key }), () => new ElectraModel(electra, { key })],
  [new DebertaForMaskedLM(deberta, { key }), () => new DebertaModel(deberta, { key })],
  [new DebertaV2ForMaskedLM(debertaV2, { key }), () => new DebertaV2Model(debertaV2, { key })],
  [new DebertaV2ForMaskedLM(debertaV3, { key }), () => new DebertaV2Model(debertaV3, { key })],
];
const headKey = { key: randomKey(5) };
const labels = { id2label: { 0: 'a', 1: 'b', 2: 'c' }, label2id: { a: 0, b: 1, c: 2 } };

/** A model, the end of its class name, and what it says of the inputs. */
interface Case {
  readonly kind: string;
  readonly model: Module & { readonly encoder: TextModel };
  readonly outputs: () => readonly tf.Tensor[];
  readonly extra?: Readonly<Record<string, unknown>>;
}

function casesOf(masked: MaskedLmModel, encoder: (pooler: boolean) => TextModel): readonly Case[] {
  const classes = new TextForSequenceClassification(encoder(true), { ...headKey, numLabels: 3 });
  const tags = new TextForTokenClassification(encoder(false), { ...headKey, numLabels: 3 });
  const spans = new TextForQuestionAnswering(encoder(false), headKey);
  const cases: Case[] = [
    { kind: 'ForMaskedLM', model: masked, outputs: () => [masked.forward(inputs)] },
    { kind: 'ForSequenceClassification', model: classes, outputs: () => [classes.forward(inputs)], extra: labels },
    { kind: 'ForTokenClassification', model: tags, outputs: () => [tags.forward(inputs)], extra: labels },
    {
      kind: 'ForQuestionAnswering',
      model: spans,
      outputs: () => {
        const { start, end } = spans.forward(inputs);
        return [start, end];
      },
    },
  ];
  if (masked instanceof ElectraForMaskedLM) {
    const detector = new ElectraForPreTraining(electra, { key });
    cases.push({ kind: 'ForPreTraining', model: detector, outputs: () => [detector.forward(inputs)] });
  }
  if (masked instanceof BertForMaskedLM && masked.config.tieWordEmbeddings) {
    const pretraining = new BertForPreTraining(bert, { key });
    cases.push({
      kind: 'ForPreTraining',
      model: pretraining,
      outputs: () => {
        const { tokens, pairs } = pretraining.pairScores(inputs, tf.range(0, 2 * ids.length, 1, 'int32'));
        return [tokens, pairs];
      },
    });
  }
  return cases;
}

/** Values larger than those that training begins with, so that errors show; a tie stays one. */
function stir(model: Module): void {
  for (const { variable } of model.namedParameters().values())
    variable.assign(
      tf.add(variable, tf.mul(tf.sin(tf.reshape(tf.range(0, variable.size), variable.shape)), 0.2)) as never,
    );
}

/** ModernBERT, whose heads are of another form than those that the other families share. */
function modernBertCases(): readonly Case[] {
  const changes = { localAttention: 4, numHiddenLayers: 4 };
  return [
    {},
    { tieWordEmbeddings: false, normBias: true, attentionBias: true, mlpBias: true, initializerCutoffFactor: 3 },
  ].flatMap((other) => {
    const config = modernBertConfig({ ...sizes, ...changes, ...other, padTokenId: 0 });
    const masked = new ModernBertForMaskedLM(config, { key });
    const classes = new ModernBertForSequenceClassification(config, { ...headKey, numLabels: 3 });
    return [
      { kind: 'ForMaskedLM', model: masked, outputs: () => [masked.forward(inputs)] },
      { kind: 'ForSequenceClassification', model: classes, outputs: () => [classes.forward(inputs)], extra: labels },
    ];
  });
}

const folder = mkdtempSync(join(tmpdir(), 'ssl-transformers-'));
try {
  const names: string[] = [];
  const all = [...families.map(([masked, encoder]) => casesOf(masked, encoder)), modernBertCases()];
  for (const [index, cases] of all.entries())
    for (const [number, { kind, model, outputs, extra = {} }] of cases.entries()) {
      stir(model);
      const name = `${index}-${number}-${model.encoder.baseName}-${kind}`;
      names.push(name);
      mkdirSync(join(folder, name));
      const path = (file: string): string => join(folder, name, file);
      const written = textConfigToJson(model.encoder, kind, extra);
      writeFileSync(path('config.json'), JSON.stringify(written));
      await saveSafetensors(path('model.safetensors'), model.stateDict(), { format: 'pt' });
      const values = outputs().map((output) => ({ shape: output.shape, data: [...output.dataSync()] }));
      writeFileSync(path('expected.json'), JSON.stringify({ architecture: written['architectures'], outputs: values }));
    }
  const batch = { ids: await inputs.inputIds.array(), mask: await inputs.attentionMask.array() };
  writeFileSync(join(folder, 'batch.json'), JSON.stringify({ ...batch, names }));
  const python = options.python ?? pythonWith(folder, 'transformers', 'torch', 'safetensors');
  const report = call(python, join(repositoryRoot, 'test/transformers/load_folders.py'), folder);
  const { version, errors } = JSON.parse(report.trim().split('\n').at(-1)!) as {
    readonly version: string;
    readonly errors: Readonly<Record<string, number>>;
  };
  for (const name of names) {
    assert.ok(name in errors, `${name} was not loaded`);
    assert.ok(errors[name]! < 1e-4, `${name} differs by ${errors[name]}`);
  }
  const largest = Math.max(...Object.values(errors));
  console.log(
    `transformers ${version} loads ${names.length} folders; the largest difference is ${largest.toExponential(1)}`,
  );
} finally {
  rmSync(folder, { recursive: true });
}
