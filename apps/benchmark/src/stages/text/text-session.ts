import { foldIn, randomKey } from '@selfsup/ssl-tensor';
import type { RandomKey } from '@selfsup/ssl-tensor';
import { BertForMaskedLM, bertConfig, TokenDataset, trainWordPiece, WordPieceTokenizer } from '@selfsup/ssl-text-mlm';
import type { BertConfig } from '@selfsup/ssl-text-mlm';
import { loadSafetensors } from '@selfsup/ssl-nn';
import type { StateDict } from '@selfsup/ssl-nn';
import { loadWordnetGlosses } from '../../data/wordnet.js';
import type { TextRecipe } from '../../recipes/text-schema.js';
import type { PipelineContext } from '../../runs/pipeline.js';
import { splitGlosses } from './gloss-splits.js';
import type { GlossSplits } from './gloss-splits.js';
import type { TokenizerResult } from './results.js';

/** The data, tokeniser and weights of a text run, made when a stage first needs them. */
export class TextSession {
  readonly recipe: TextRecipe;
  readonly context: PipelineContext;
  readonly key: RandomKey;
  readonly splits: GlossSplits;
  readonly classes: readonly string[];
  #tokenizer: WordPieceTokenizer | undefined;
  readonly #datasets = new Map<keyof GlossSplits, TokenDataset>();

  private constructor(recipe: TextRecipe, context: PipelineContext, splits: GlossSplits, classes: readonly string[]) {
    this.recipe = recipe;
    this.context = context;
    this.key = randomKey(recipe.seed);
    this.splits = splits;
    this.classes = classes;
  }

  /** Reads the glosses and splits them. */
  static async open(recipe: TextRecipe, context: PipelineContext): Promise<TextSession> {
    const { glosses, classes } = await loadWordnetGlosses();
    return new TextSession(
      recipe,
      context,
      splitGlosses(glosses, recipe.data, foldIn(randomKey(recipe.seed), 'data')),
      classes,
    );
  }

  /** Learns the vocabulary from the pretraining glosses alone. */
  async trainTokenizer(): Promise<TokenizerResult> {
    const { vocabulary, length } = this.recipe.tokenizer;
    const { pretrain, maskedTest, labelled, test } = this.splits;
    this.#tokenizer = await trainWordPiece({ lines: pretrain.map(({ text }) => text), vocabSize: vocabulary });
    await this.#tokenizer.save(this.context.directory.file('tokenizer.json'));
    const cut = maskedTest.filter(({ text }) => this.#tokenizer!.encode(text).length > length).length;
    return {
      vocabulary: this.#tokenizer.vocabSize,
      glosses: {
        pretrain: pretrain.length,
        maskedTest: maskedTest.length,
        labelled: labelled.length,
        test: test.length,
      },
      labelledSeen: labelled === pretrain,
      truncated: cut / maskedTest.length,
    };
  }

  /** The tokeniser, from this process or from disk. */
  async tokenizer(): Promise<WordPieceTokenizer> {
    this.#tokenizer ??= await WordPieceTokenizer.fromFile(this.context.directory.file('tokenizer.json'));
    return this.#tokenizer;
  }

  /** A set of glosses as token ids, with labels. */
  async dataset(name: keyof GlossSplits): Promise<TokenDataset> {
    let dataset = this.#datasets.get(name);
    if (dataset === undefined) {
      const split = this.splits[name];
      dataset = TokenDataset.fromTexts(
        await this.tokenizer(),
        split.map(({ text }) => text),
        { maxLength: this.recipe.tokenizer.length, labels: split.map(({ label }) => label) },
      );
      this.#datasets.set(name, dataset);
    }
    return dataset;
  }

  /** Lengths to which batches are padded: three quarters and half of the longest save much padding. */
  get bucketLengths(): readonly number[] {
    const { length } = this.recipe.tokenizer;
    return [...new Set([Math.ceil(length / 2), Math.ceil((3 * length) / 4), length])];
  }

  async config(): Promise<BertConfig> {
    const { encoder, pretrain, tokenizer } = this.recipe;
    return bertConfig({
      vocabSize: (await this.tokenizer()).vocabSize,
      hiddenSize: encoder.width,
      numHiddenLayers: encoder.layers,
      numAttentionHeads: encoder.heads,
      intermediateSize: encoder.intermediate,
      maxPositionEmbeddings: tokenizer.length,
      hiddenDropout: pretrain.dropout,
      attentionDropout: pretrain.dropout,
    });
  }

  /** A model before pretraining. */
  async freshModel(): Promise<BertForMaskedLM> {
    return new BertForMaskedLM(await this.config(), { key: foldIn(this.key, 'model') });
  }

  /** Weights that pretraining left on disk. */
  async pretrainedState(): Promise<StateDict> {
    return (await loadSafetensors(this.context.directory.file('encoder.safetensors'))).tensors;
  }
}
