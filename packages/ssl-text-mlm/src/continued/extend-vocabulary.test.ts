import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { saveSafetensors } from '@selfsup/ssl-nn';
import { CheckpointError, InvalidOptionError, randomKey, RandomStream } from '@selfsup/ssl-tensor/host';
import { beforeAll, describe, expect, it } from 'vitest';
import '../../../../test/support/to-be-all-close.js';
import { bertConfig } from '../bert/bert-config.js';
import { BertForMaskedLM } from '../bert/bert-for-masked-lm.js';
import { BertForPreTraining } from '../bert/bert-for-pre-training.js';
import { BertForSequenceClassification } from '../bert/bert-for-sequence-classification.js';
import { BertModel } from '../bert/bert-model.js';
import { debertaConfig } from '../deberta/deberta-config.js';
import { DebertaForMaskedLM } from '../deberta/deberta-for-masked-lm.js';
import { debertaV2Config } from '../deberta/deberta-v2-config.js';
import { DebertaV2ForMaskedLM } from '../deberta/deberta-v2-for-masked-lm.js';
import { distilBertConfig } from '../distilbert/distilbert-config.js';
import { DistilBertForMaskedLM } from '../distilbert/distilbert-for-masked-lm.js';
import { electraConfig } from '../electra/electra-config.js';
import { ElectraForMaskedLM } from '../electra/electra-for-masked-lm.js';
import { ElectraForPreTraining } from '../electra/electra-for-pre-training.js';
import { TextForPreTraining } from '../heads/text-for-pre-training.js';
import { loadMaskedLm } from '../models/load-text-model.js';
import type { MaskedLmModel } from '../models/masked-lm-model.js';
import { textConfigToJson } from '../models/text-families.js';
import { modernBertConfig } from '../modern-bert/modern-bert-config.js';
import { ModernBertForMaskedLM } from '../modern-bert/modern-bert-for-masked-lm.js';
import { robertaConfig } from '../roberta/roberta-config.js';
import { RobertaForMaskedLM } from '../roberta/roberta-for-masked-lm.js';
import { trainByteLevelBpe } from '../tokenizer/train-byte-level-bpe.js';
import { trainWordPiece } from '../tokenizer/train-word-piece.js';
import { WordPieceTokenizer } from '../tokenizer/word-piece-tokenizer.js';
import { extendVocabulary } from './extend-vocabulary.js';

const key = randomKey(1);
const stream = new RandomStream(key);
const pick = (words: readonly string[]): string => words[stream.integer(words.length)]!;
const general = Array.from(
  { length: 200 },
  () => `a ${pick(['cat', 'dog', 'bird'])} ${pick(['eats', 'sees'])} my tiny sister`,
);
const domain = Array.from(
  { length: 60 },
  () => `${pick(['Myositis', 'arthritis', 'nephritis'])} eats a ${pick(['nephron', 'myocyte'])}`,
);
const tokenizer = await trainWordPiece({ lines: [...general, 'ph h o ro no acp'], vocabSize: 70 });
const sizes = {
  vocabSize: tokenizer.vocabSize,
  hiddenSize: 8,
  numHiddenLayers: 1,
  numAttentionHeads: 2,
  intermediateSize: 8,
};
const bert = bertConfig({ ...sizes, maxPositionEmbeddings: 12 });
const options = { lines: domain, count: 12, minFrequency: 3 };

beforeAll(async () => {
  await tf.setBackend('cpu');
});

const models: Record<string, () => MaskedLmModel> = {
  BERT: () => new BertForMaskedLM(bert, { key }),
  'BERT with a decoder of its own': () => new BertForMaskedLM({ ...bert, tieWordEmbeddings: false }, { key }),
  BertForPreTraining: () => new BertForPreTraining(bert, { key }),
  RoBERTa: () => new RobertaForMaskedLM(robertaConfig({ ...sizes, maxPositionEmbeddings: 14 }), { key }),
  DistilBERT: () => new DistilBertForMaskedLM(distilBertConfig({ ...sizes, maxPositionEmbeddings: 12 }), { key }),
  ELECTRA: () =>
    new ElectraForMaskedLM(electraConfig({ ...sizes, embeddingSize: 4, maxPositionEmbeddings: 12 }), { key }),
  DeBERTa: () => new DebertaForMaskedLM(debertaConfig({ ...sizes, maxPositionEmbeddings: 12 }), { key }),
  'DeBERTa-v3 with its decoder': () =>
    new DebertaV2ForMaskedLM(
      debertaV2Config({ ...sizes, maxPositionEmbeddings: 12, positionBuckets: 4, positionBiasedInput: false }),
      { key, enhancedMaskDecoder: true },
    ),
  ModernBERT: () => new ModernBertForMaskedLM(modernBertConfig({ ...sizes, maxPositionEmbeddings: 12 }), { key }),
  'ModernBERT for pairs': () =>
    new TextForPreTraining(
      new ModernBertForMaskedLM(modernBertConfig({ ...sizes, maxPositionEmbeddings: 12 }), { key }),
      { key },
    ),
};

describe.each(Object.keys(models))('extendVocabulary of %s', (name) => {
  it('has a row for each new piece, the mean of those that spelled it, and what was there as it was', async () => {
    const model = models[name]!();
    // Biases start at 0: other values, or their means would tell nothing.
    for (const [at, { variable }] of model.namedParameters())
      if (at.endsWith('bias') && variable.shape[0] === sizes.vocabSize)
        variable.assign(tf.tensor1d(Array.from({ length: sizes.vocabSize }, (_, id) => Math.sin(id))));
    const before = model.stateDict();
    const { model: grown, tokenizer: extended, added } = await extendVocabulary(model, tokenizer, options);
    expect(grown.constructor).toBe(model.constructor);
    expect(added.length).toBeGreaterThan(2);
    expect([extended.vocabSize, grown.config.vocabSize]).toEqual(
      Array.from({ length: 2 }, () => sizes.vocabSize + added.length),
    );
    const after = grown.stateDict();
    expect([...after.keys()]).toEqual([...before.keys()]);
    let tables = 0;
    for (const [of, { data, shape }] of after) {
      const old = before.get(of)!;
      expect([...data.subarray(0, old.data.length)]).toEqual([...old.data]);
      if (shape[0] === old.shape[0]) continue;
      tables++;
      const width = data.length / shape[0]!;
      added.forEach((piece, index) => {
        // What the old tokeniser makes of it, in the middle of a word or at its beginning.
        const own = piece.startsWith('##')
          ? piecesAfterFirst(piece.slice(2))
          : tokenizer.encode(piece, { addSpecialTokens: false });
        for (let column = 0; column < width; column++) {
          const mean = own.reduce((sum, id) => sum + old.data[id * width + column]!, 0) / own.length;
          expect(data[(sizes.vocabSize + index) * width + column]).toBeCloseTo(mean, 5);
        }
      });
    }
    expect(tables).toBeGreaterThan(0);
    // Old words have the scores that they had.
    const ids = tokenizer.encode('a cat sees my tiny sister', { maxLength: 12 });
    const inputs = { inputIds: tf.tensor2d([ids], [1, ids.length], 'int32') };
    const scores = grown.forward(inputs) as tf.Tensor2D;
    expect(tf.slice(scores, [0, 0], [ids.length, sizes.vocabSize]).dataSync()).toBeAllClose(
      model.forward(inputs).dataSync(),
      { atol: 1e-5 },
    );
  });
});

/** Ids that spell a text inside a word: greedy, by the vocabulary. */
function piecesAfterFirst(text: string): number[] {
  const ids: number[] = [];
  for (let start = 0; start < text.length;) {
    let end = text.length;
    while (tokenizer.tokenToId(`##${text.slice(start, end)}`) === undefined) end--;
    ids.push(tokenizer.tokenToId(`##${text.slice(start, end)}`)!);
    start = end;
  }
  return ids;
}

describe('the words that are added', () => {
  it('are those that save most, each used, and nothing that was known becomes unknown', async () => {
    const model = new BertForMaskedLM(bert, { key });
    const { tokenizer: extended, added, tokensPerWord } = await extendVocabulary(model, tokenizer, options);
    const unk = tokenizer.specialIds.unk;
    const count = (own: WordPieceTokenizer, texts: readonly string[]): number =>
      texts.reduce((sum, text) => sum + own.encode(text, { addSpecialTokens: false }).length, 0);
    expect(tokensPerWord!.after).toBeLessThan(0.8 * tokensPerWord!.before);
    expect(count(extended, domain) / count(tokenizer, domain)).toBeCloseTo(
      tokensPerWord!.after / tokensPerWord!.before,
      6,
    );
    const used = new Map<number, number>();
    for (const text of domain) for (const id of extended.encode(text)) used.set(id, (used.get(id) ?? 0) + 1);
    for (const piece of added) expect(used.get(extended.tokenToId(piece)!) ?? 0).toBeGreaterThanOrEqual(3);
    for (const text of [...general, ...domain]) {
      expect(extended.encode(text).includes(unk) && !tokenizer.encode(text).includes(unk)).toBe(false);
      expect(extended.decode(extended.encode(text)).toLowerCase()).toBe(
        tokenizer.decode(tokenizer.encode(text)).toLowerCase(),
      );
    }
    // One alone is the one that saves most.
    const one = await extendVocabulary(model, tokenizer, { ...options, count: 1 });
    const savings = await Promise.all(
      added.map(async (piece) =>
        count((await extendVocabulary(model, tokenizer, { tokens: [piece] })).tokenizer, domain),
      ),
    );
    expect(savings[added.indexOf(one.added[0]!)]).toBe(Math.min(...savings));
  });

  it('a piece that continues a word brings no unknown word, in a vocabulary that lacks characters too', async () => {
    const base = await trainWordPiece({ lines: ['ab abc abd'], vocabSize: 40 });
    const json = base.toJson() as { model: { vocab: Record<string, number> } };
    // 'abc' is spelled 'ab' + '##c'; with 'abx' and no '##c' alone it would be lost.
    const vocab = Object.fromEntries(
      ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]', 'a', '##bcd'].map((token, id) => [token, id]),
    );
    const lacking = WordPieceTokenizer.fromJson({ ...json, model: { ...json.model, vocab } });
    const model = new BertModel(bertConfig({ ...sizes, vocabSize: 7, maxPositionEmbeddings: 12 }), { key });
    expect(lacking.encode('abcd', { addSpecialTokens: false })).toEqual([5, 6]);
    const { tokenizer: extended, added } = await extendVocabulary(model, lacking, { tokens: ['abc'] });
    expect(added).toEqual(['##b', '##c', '##d', 'abc']);
    expect(extended.encode('abcd', { addSpecialTokens: false }).map((id) => extended.idToToken(id))).toEqual([
      'abc',
      '##d',
    ]);
  });

  it('new characters start from the mean of all words', async () => {
    const model = new BertForMaskedLM(bert, { key });
    const {
      model: grown,
      tokenizer: extended,
      added,
    } = await extendVocabulary(model, tokenizer, { tokens: ['\u03b1', 'sisters'] });
    expect(added).toEqual(['\u03b1', 'sisters']);
    expect(extended.encode('\u03b1', { addSpecialTokens: false })).toEqual([sizes.vocabSize]);
    const rows = model.stateDict().get('bert.embeddings.word_embeddings.weight')!.data;
    const specials = tokenizer.allSpecialIds();
    const ordinary = Array.from({ length: sizes.vocabSize }, (_, id) => id).filter((id) => !specials.has(id));
    const own = grown
      .stateDict()
      .get('bert.embeddings.word_embeddings.weight')!
      .data.subarray(sizes.vocabSize * 8);
    for (let column = 0; column < 8; column++) {
      const mean = ordinary.reduce((sum, id) => sum + rows[id * 8 + column]!, 0) / ordinary.length;
      expect(own[column]).toBeCloseTo(mean, 5);
    }
  });

  it('none where the texts need none', async () => {
    const model = new BertForMaskedLM(bert, { key });
    const {
      added,
      model: same,
      tokenizer: own,
    } = await extendVocabulary(model, tokenizer, { lines: ['a cat'], minFrequency: 5 });
    expect([added, own.vocabSize]).toEqual([[], tokenizer.vocabSize]);
    expect([...same.stateDict()]).toEqual([...model.stateDict()]);
  });
});

it('saves and loads, model and tokeniser', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'extended-'));
  try {
    const { model, tokenizer: extended } = await extendVocabulary(
      new BertForMaskedLM(bert, { key }),
      tokenizer,
      options,
    );
    await mkdir(folder, { recursive: true });
    await extended.save(join(folder, 'tokenizer.json'));
    await saveSafetensors(join(folder, 'model.safetensors'), model.stateDict(), { format: 'pt' });
    await writeFile(join(folder, 'config.json'), JSON.stringify(textConfigToJson(model.encoder, 'ForMaskedLM')));
    const loaded = await loadMaskedLm(folder);
    expect([...loaded.model.stateDict()]).toEqual([...model.stateDict()]);
    const read = await WordPieceTokenizer.fromFolder(folder);
    for (const text of domain) expect(read.encode(text)).toEqual(extended.encode(text));
    expect(read.specialIds).toEqual(tokenizer.specialIds);
  } finally {
    await rm(folder, { recursive: true });
  }
});

it('refuses what cannot be extended, with advice that works', async () => {
  const model = new BertForMaskedLM(bert, { key });
  const bpe = await trainByteLevelBpe({ lines: general, vocabSize: 300 });
  await expect(extendVocabulary(model, bpe, options)).rejects.toThrow(
    /a WordPieceTokenizer.*Byte-level BPE and Unigram/s,
  );
  const other = await trainWordPiece({ lines: general, vocabSize: 50 });
  await expect(extendVocabulary(model, other, options)).rejects.toThrow(CheckpointError);
  for (const tokens of [['Myositis'], ['two words'], ['cat'], ['myositis', 'myositis'], [3 as never], 'cat' as never])
    await expect(extendVocabulary(model, tokenizer, { tokens })).rejects.toThrow(InvalidOptionError);
  await expect(extendVocabulary(model, tokenizer, { ...options, tokens: ['myositis'] })).rejects.toThrow(
    InvalidOptionError,
  );
  await expect(extendVocabulary(model, tokenizer, {})).rejects.toThrow(InvalidOptionError);
  await expect(extendVocabulary({} as never, tokenizer, options)).rejects.toThrow(InvalidOptionError);
  const electra = electraConfig({ ...sizes, embeddingSize: 4, maxPositionEmbeddings: 12 });
  const generator = new ElectraForMaskedLM({ ...electra, hiddenSize: 4 }, { key });
  const discriminator = new ElectraForPreTraining(electra, { key, embeddings: generator.electra.embeddings });
  const classifier = new BertForSequenceClassification(bert, { key, numLabels: 2 });
  await expect(extendVocabulary(discriminator as never, tokenizer, options)).rejects.toThrow(
    /generator and the encoder of the discriminator/,
  );
  await expect(extendVocabulary(classifier as never, tokenizer, options)).rejects.toThrow(InvalidOptionError);
  // As advised: both have the same words, and are a pair again.
  const first = await extendVocabulary(generator, tokenizer, options);
  const second = await extendVocabulary(discriminator.encoder, tokenizer, options);
  expect(second.added).toEqual(first.added);
  expect(second.model.stateDict().get('embeddings.word_embeddings.weight')).toEqual(
    first.model.stateDict().get('electra.embeddings.word_embeddings.weight'),
  );
  expect((await extendVocabulary(classifier.bert, tokenizer, options)).model.config.vocabSize).toBe(
    first.tokenizer.vocabSize,
  );
});
