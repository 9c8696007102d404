import type { Module, StateDict } from '@selfsup/ssl-nn';
import { InvalidOptionError, type NdArray, ndArray, randomKey } from '@selfsup/ssl-tensor/host';
import { BertForPreTraining } from '../bert/bert-for-pre-training.js';
import { DebertaForMaskedLM } from '../deberta/deberta-for-masked-lm.js';
import { DebertaModel } from '../deberta/deberta-model.js';
import { DebertaV2ForMaskedLM } from '../deberta/deberta-v2-for-masked-lm.js';
import { DebertaV2Model } from '../deberta/deberta-v2-model.js';
import { TextForPreTraining } from '../heads/text-for-pre-training.js';
import type { MaskedLmModel } from '../models/masked-lm-model.js';
import { familyOf } from '../models/text-families.js';
import { checkTextModel, type TextModel } from '../models/text-model.js';

/** What has a vocabulary that can grow: a masked language model, or an encoder alone. */
export type VocabularyModel = MaskedLmModel | TextModel;

/** The encoder of a model, which may be the model. @throws InvalidOptionError for what has none */
export function encoderOf(where: string, model: VocabularyModel): TextModel {
  const encoder = (model as Partial<MaskedLmModel> | undefined)?.encoder ?? (model as TextModel);
  checkTextModel(where, encoder);
  return encoder;
}

/**
 * A model of the same weights with more words. Whatever has a row for each word (embedding, own decoder, bias) gets one for
 * each new word: the mean of those of some words.
 *
 * @param parts ids of the words whose mean each new word starts from
 * @throws InvalidOptionError for a model of another class than those that score words or encode
 */
export function grownModel<M extends VocabularyModel>(where: string, model: M, parts: readonly ArrayLike<number>[]): M {
  const { vocabSize } = encoderOf(where, model).config;
  const size = vocabSize + parts.length;
  const grown = remade(where, model, size);
  const wanted = grown.stateDict();
  const state: StateDict = new Map();
  for (const [name, array] of model.stateDict()) {
    const isOfWords = array.shape[0] !== wanted.get(name)?.shape[0];
    state.set(name, isOfWords ? withRows(array, parts) : array);
  }
  grown.loadStateDict(state);
  return grown;
}

/** A new model of the same class. */
function remade<M extends VocabularyModel>(where: string, model: M, vocabSize: number): M {
  const key = randomKey(0);
  const made = (): Module => {
    if (model instanceof TextForPreTraining)
      return new TextForPreTraining(remade(where, model.model, vocabSize), { key });
    const encoder = encoderOf(where, model);
    const family = familyOf(where, encoder);
    const config = { ...encoder.config, vocabSize } as never;
    if (encoder === (model as unknown)) {
      for (const Deberta of [DebertaModel, DebertaV2Model])
        if (encoder instanceof Deberta) {
          const absolutePositions = encoder.embeddings.positionEmbeddings !== undefined;
          return new Deberta(config, { key, absolutePositions });
        }
      return family.encoder(config, key, encoder.poolerDense !== undefined);
    }
    if (model instanceof BertForPreTraining) return new BertForPreTraining(config, { key });
    for (const Deberta of [DebertaForMaskedLM, DebertaV2ForMaskedLM])
      if (model instanceof Deberta) return new Deberta(config, { key, enhancedMaskDecoder: model.enhancedMaskDecoder });
    return family.maskedLm(config, key);
  };
  const copy = made();
  if (copy.constructor === model.constructor) return copy as M;
  copy.dispose();
  const advice =
    'Extend the encoder, extendVocabulary(model.encoder, tokenizer, options), and give it a new head; of a generator and a discriminator the generator and the encoder of the discriminator, with the same options';
  throw new InvalidOptionError(where, 'model', 'a masked language model or an encoder', model.constructor.name, advice);
}

/** Rows and then the means of some of them. */
function withRows({ data, shape }: NdArray, parts: readonly ArrayLike<number>[]): NdArray {
  const [rows, ...rest] = shape as [number, ...number[]];
  const width = rest.reduce((a, b) => a * b, 1);
  const grown = new Float32Array((rows + parts.length) * width);
  grown.set(data);
  parts.forEach((ids, index) => {
    const at = (rows + index) * width;
    for (let column = 0; column < width; column++) {
      let sum = 0;
      for (let part = 0; part < ids.length; part++) sum += data[ids[part]! * width + column]!;
      grown[at + column] = sum / ids.length;
    }
  });
  return ndArray(grown, [rows + parts.length, ...rest]);
}
