import { join } from 'node:path';
import { checkPath, makeFolder } from '@selfsup/ssl-core/files';
import type { Module } from '@selfsup/ssl-nn';
import {
  checkChoice,
  checkInteger,
  checkOptions,
  InvalidOptionError,
  type OptionNames,
} from '@selfsup/ssl-tensor/host';
import * as tf from '@tensorflow/tfjs-core';
import type { BertInputs } from '../bert/bert-inputs.js';
import type { MaskedLmModel } from '../models/masked-lm-model.js';
import type { SequenceClassifierModel } from '../models/sequence-classifier-model.js';
import { textConfigToJson } from '../models/text-families.js';
import { checkTextModel, type TextModel } from '../models/text-model.js';
import { checkVocabulary } from '../tokenizer/check-vocabulary.js';
import type { TextTokenizer } from '../tokenizer/text-tokenizer.js';
import { writeConfigFiles } from './export-for-transformers.js';
import { exportTextOnnx } from './export-text-onnx.js';
import { labelFields } from './label-fields.js';
import { longestOf } from './longest-of.js';

/** Tasks of transformers.js for which a folder is written. */
export type TextPipelineTask = 'feature-extraction' | 'fill-mask' | 'text-classification';

export const textPipelineTasks: readonly TextPipelineTask[] = [
  'feature-extraction',
  'fill-mask',
  'text-classification',
];

/** What a task's model is. */
type PipelineModel = TextModel | MaskedLmModel | SequenceClassifierModel;

/** Options of {@link exportPipeline}. */
export interface ExportPipelineOptions {
  /** Where to write; made where it is not there. */
  readonly folder: string;
  readonly task: TextPipelineTask;
  /**
   * Of `feature-extraction` an encoder, of `fill-mask` a masked language model, of `text-classification` a classifier of
   * sequences.
   */
  readonly model: PipelineModel;
  readonly tokenizer: TextTokenizer;
  /** Longest text, tokens; the work of every text is that of so many. Default: the longest that the model reads. */
  readonly maxLength?: number;
  /** Names of the classes of `text-classification`. Default `LABEL_0`, `LABEL_1` and so on. */
  readonly labels?: readonly string[];
}

const optionNames: OptionNames<ExportPipelineOptions> = {
  folder: 'required',
  task: 'required',
  model: 'required',
  tokenizer: 'required',
  maxLength: 'optionalNumber',
  labels: 'optional',
};

const where = 'exportPipeline';

/** Of each task: the end of transformers' class, the result's name, and how it is computed. */
const tasks = {
  'feature-extraction': {
    kind: 'Model',
    outputName: 'last_hidden_state',
    forward: (model: TextModel, inputs: BertInputs): tf.Tensor => model.forward(inputs),
  },
  'fill-mask': {
    kind: 'ForMaskedLM',
    outputName: 'logits',
    forward: (model: MaskedLmModel, inputs: BertInputs): tf.Tensor => {
      const [batch, tokens] = inputs.inputIds.shape as [number, number];
      return tf.reshape(model.forward(inputs), [batch, tokens, model.config.vocabSize]);
    },
  },
  'text-classification': {
    kind: 'ForSequenceClassification',
    outputName: 'logits',
    forward: (model: SequenceClassifierModel, inputs: BertInputs): tf.Tensor => model.forward(inputs),
  },
} as const;

/**
 * Writes a folder that `pipeline(task, folder)` of transformers.js reads, in Node and on a page: `onnx/model.onnx` of
 * standard ops, `config.json`, `tokenizer.json` and `tokenizer_config.json`. Texts may have any length up to `maxLength`.
 *
 * @throws InvalidOptionError for a model that is not the task's, a length beyond its positions, and labels of another number;
 *   CheckpointError for a vocabulary that does not fit; as exportOnnx of @selfsup/ssl-tensor
 *
 * @example
 * await exportPipeline({ folder: 'models/topics', task: 'text-classification', model, tokenizer, labels });
 */
export async function exportPipeline(options: ExportPipelineOptions): Promise<void> {
  const { folder, task, model, tokenizer, labels, ...given } = checkOptions(where, options, optionNames);
  checkPath(where, 'folder', folder);
  checkChoice(where, 'task', task, textPipelineTasks);
  const encoder = encoderOf(task, model);
  const { maxLength = longestOf(encoder) } = given;
  checkInteger(where, 'maxLength', maxLength, 3, longestOf(encoder));
  if (typeof (tokenizer as Partial<TextTokenizer>).encode !== 'function')
    throw new InvalidOptionError(where, 'tokenizer', 'a tokeniser, such as await loadTokenizer(path)', tokenizer);
  checkVocabulary(tokenizer, encoder.config.vocabSize);
  const { kind, outputName, forward } = tasks[task];
  const extra = task === 'text-classification' ? labelFields(namesOf(model as SequenceClassifierModel, labels)) : {};
  if (task !== 'text-classification' && labels !== undefined)
    throw new InvalidOptionError(where, 'labels', "left out but for task 'text-classification'", labels);
  await makeFolder(join(folder, 'onnx'));
  await exportTextOnnx((inputs) => forward(model as never, inputs), {
    path: join(folder, 'onnx', 'model.onnx'),
    length: maxLength,
    lengthName: 'sequence_length',
    outputName,
    // A model with a head has the encoder's names within its own.
    modules: { [model === encoder ? encoder.baseName : 'model']: model as never },
    name: task,
  });
  await writeConfigFiles(folder, textConfigToJson(encoder, kind, extra), tokenizer, maxLength);
}

/** @throws InvalidOptionError for a model that is not the task's */
function encoderOf(task: TextPipelineTask, model: PipelineModel): TextModel {
  if (task === 'feature-extraction') {
    checkTextModel(where, model as TextModel);
    return model as TextModel;
  }
  const { encoder } = ((model as unknown) ?? {}) as Partial<MaskedLmModel>;
  const isClassifier = typeof (model as Partial<SequenceClassifierModel> | null)?.numLabels === 'number';
  if (encoder === undefined || isClassifier !== (task === 'text-classification'))
    throw new InvalidOptionError(
      where,
      'model',
      task === 'fill-mask'
        ? "a masked language model, such as a BertForMaskedLM, for task 'fill-mask'"
        : "a classifier of sequences, such as a BertForSequenceClassification, for task 'text-classification'",
      model as Module,
    );
  return encoder;
}

/** Names of the classes. */
function namesOf(
  { numLabels }: SequenceClassifierModel,
  labels: readonly string[] = Array.from({ length: numLabels }, (_, index) => `LABEL_${index}`),
): readonly string[] {
  if (!Array.isArray(labels) || labels.length !== numLabels || new Set(labels).size !== numLabels)
    throw new InvalidOptionError(where, 'labels', `${numLabels} different names, one for each class`, labels);
  return labels;
}
