import { CheckpointError, InvalidOptionError, type RandomKey } from '@selfsup/ssl-tensor/host';
import { bertFormat } from '../bert/bert-config-json.js';
import { BertForMaskedLM } from '../bert/bert-for-masked-lm.js';
import { BertModel } from '../bert/bert-model.js';
import { debertaFormat } from '../deberta/deberta-format.js';
import { DebertaForMaskedLM } from '../deberta/deberta-for-masked-lm.js';
import { DebertaModel } from '../deberta/deberta-model.js';
import { debertaV2Format } from '../deberta/deberta-v2-format.js';
import { DebertaV2ForMaskedLM } from '../deberta/deberta-v2-for-masked-lm.js';
import { DebertaV2Model } from '../deberta/deberta-v2-model.js';
import { distilBertFormat } from '../distilbert/distilbert-format.js';
import { DistilBertForMaskedLM } from '../distilbert/distilbert-for-masked-lm.js';
import { DistilBertModel } from '../distilbert/distilbert-model.js';
import { electraFormat } from '../electra/electra-format.js';
import { ElectraForMaskedLM } from '../electra/electra-for-masked-lm.js';
import { ElectraModel } from '../electra/electra-model.js';
import { modernBertFormat } from '../modern-bert/modern-bert-config-json.js';
import { ModernBertForMaskedLM } from '../modern-bert/modern-bert-for-masked-lm.js';
import { ModernBertModel } from '../modern-bert/modern-bert-model.js';
import { robertaFormat } from '../roberta/roberta-format.js';
import { RobertaForMaskedLM } from '../roberta/roberta-for-masked-lm.js';
import { RobertaModel } from '../roberta/roberta-model.js';
import { type ConfigFormat, type ConfigReport, readConfig, writeConfig } from './config-format.js';
import type { MaskedLmModel } from './masked-lm-model.js';
import { checkTextModel, type TextModel } from './text-model.js';

/** A family of encoders: its `config.json`, and its models. */
export interface TextFamily {
  /** Start of transformers' class names, `Roberta` of `RobertaForMaskedLM`. */
  readonly classPrefix: string;
  /** transformers' `base_model_prefix`, as `TextModel.baseName`. */
  readonly baseName: string;
  readonly format: ConfigFormat<never>;
  /** @param pooler with the pooler, where the family has one */
  readonly encoder: (config: never, key: RandomKey, pooler: boolean) => TextModel;
  readonly maskedLm: (config: never, key: RandomKey) => MaskedLmModel;
}

/** A family with its types forgotten: format and makers agree on the configuration. */
function family<C extends object>(
  classPrefix: string,
  baseName: string,
  format: ConfigFormat<C>,
  encoder: (config: C, key: RandomKey, pooler: boolean) => TextModel,
  maskedLm: (config: C, key: RandomKey) => MaskedLmModel,
): TextFamily {
  return { classPrefix, baseName, format, encoder, maskedLm } as unknown as TextFamily;
}

/** The families by `model_type`. */
export const textFamilies: ReadonlyMap<string, TextFamily> = new Map([
  [
    'bert',
    family(
      'Bert',
      'bert',
      bertFormat,
      (config, key, pooler) => new BertModel(config, { key, pooler }),
      (config, key) => new BertForMaskedLM(config, { key }),
    ),
  ],
  [
    'roberta',
    family(
      'Roberta',
      'roberta',
      robertaFormat,
      (config, key, pooler) => new RobertaModel(config, { key, pooler }),
      (config, key) => new RobertaForMaskedLM(config, { key }),
    ),
  ],
  [
    'distilbert',
    family(
      'DistilBert',
      'distilbert',
      distilBertFormat,
      (config, key) => new DistilBertModel(config, { key }),
      (config, key) => new DistilBertForMaskedLM(config, { key }),
    ),
  ],
  [
    'electra',
    family(
      'Electra',
      'electra',
      electraFormat,
      (config, key) => new ElectraModel(config, { key }),
      (config, key) => new ElectraForMaskedLM(config, { key }),
    ),
  ],
  [
    'modernbert',
    family(
      'ModernBert',
      'model',
      modernBertFormat,
      (config, key) => new ModernBertModel(config, { key }),
      (config, key) => new ModernBertForMaskedLM(config, { key }),
    ),
  ],
  [
    'deberta',
    family(
      'Deberta',
      'deberta',
      debertaFormat,
      (config, key) => new DebertaModel(config, { key }),
      (config, key) => new DebertaForMaskedLM(config, { key }),
    ),
  ],
  [
    'deberta-v2',
    family(
      'DebertaV2',
      'deberta',
      debertaV2Format,
      (config, key) => new DebertaV2Model(config, { key }),
      (config, key) => new DebertaV2ForMaskedLM(config, { key }),
    ),
  ],
]);

/** A configuration of any family, as its file has it. */
export interface TextConfigReport extends ConfigReport<object> {
  readonly family: TextFamily;
}

/**
 * Reads a `config.json` of any family that is computed here, by its `model_type`.
 *
 * @throws CheckpointError for another `model_type`, and as `bertConfigReport`
 */
export function readTextConfig(json: unknown, path?: string): TextConfigReport {
  const modelType = (json as { readonly model_type?: unknown } | null | undefined)?.model_type;
  const found = typeof modelType === 'string' ? textFamilies.get(modelType) : undefined;
  if (found === undefined) {
    const shown = typeof modelType === 'string' ? `'${modelType.slice(0, 60)}'` : 'none';
    const known = [...textFamilies.keys()].map((name) => `'${name}'`).join(', ');
    throw new CheckpointError(
      `'model_type' must be one of ${known}, got ${shown}: use the weights of one of these families`,
      path === undefined ? {} : { path },
    );
  }
  return { ...readConfig(found.format as unknown as ConfigFormat<object>, json, path), family: found };
}

/** The family of an encoder. @throws InvalidOptionError for an encoder of none */
export function familyOf(where: string, encoder: TextModel): TextFamily {
  checkTextModel(where, encoder);
  const found = [...textFamilies].find(
    ([type, { baseName }]) => baseName === encoder.baseName && type === (encoder.modelType ?? type),
  )?.[1];
  if (found !== undefined) return found;
  const known = [...textFamilies.keys()].join(', ');
  throw new InvalidOptionError(where, 'encoder', `an encoder of one of the families ${known}`, encoder.baseName);
}

/**
 * The `config.json` with which Hugging Face loads a model: `textConfigToJson(model.encoder, 'ForMaskedLM')` of a
 * RobertaForMaskedLM has the architecture `RobertaForMaskedLM`.
 *
 * @param encoder of one of the families that are computed here
 * @param kind end of transformers' class name: `Model`, `ForMaskedLM`, `ForSequenceClassification`
 * @param extra further fields, such as `id2label`
 * @throws InvalidOptionError for an encoder of another family
 */
export function textConfigToJson(
  encoder: TextModel,
  kind: string,
  extra: Readonly<Record<string, unknown>> = {},
): Record<string, unknown> {
  const where = 'textConfigToJson';
  const found = familyOf(where, encoder);
  const format = found.format as unknown as ConfigFormat<object>;
  return writeConfig(format, encoder.config, `${found.classPrefix}${kind}`, extra);
}
