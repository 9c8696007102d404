import * as tf from '@tensorflow/tfjs-core';
import {
  childContext,
  Dropout,
  Embedding,
  evaluation,
  type ForwardContext,
  type Initialiser,
  LayerNorm,
  Module,
  normal,
  type StateEntries,
} from '@selfsup/ssl-nn';
import { checkIsTensor, checkRandomKey, foldIn, type RandomKey, ShapeError } from '@selfsup/ssl-tensor/host';
import type { BertConfig, BertInputs } from '@selfsup/ssl-text-mlm';

/** Sum of word and position embeddings, normalised: BERT's without segments. Names of transformers' `BlipTextEmbeddings`. */
export class BlipTextEmbeddings extends Module {
  static override readonly fieldNames = {
    wordEmbeddings: 'word_embeddings',
    positionEmbeddings: 'position_embeddings',
    norm: 'LayerNorm',
  };
  readonly wordEmbeddings: Embedding;
  readonly positionEmbeddings: Embedding;
  readonly norm: LayerNorm;
  private readonly dropout: Dropout;

  constructor(config: BertConfig, key: RandomKey) {
    super();
    checkRandomKey('BlipTextEmbeddings', 'key', key);
    const { vocabSize, maxPositionEmbeddings, hiddenSize, initializerRange, padTokenId } = config;
    const weightInit = normal(initializerRange);
    this.wordEmbeddings = new Embedding(vocabSize, hiddenSize, {
      key: foldIn(key, 'word'),
      weightInit: paddingZero(weightInit, padTokenId),
    });
    this.positionEmbeddings = new Embedding(maxPositionEmbeddings, hiddenSize, {
      key: foldIn(key, 'position'),
      weightInit,
    });
    this.norm = new LayerNorm(hiddenSize, { epsilon: config.layerNormEps });
    this.dropout = new Dropout(config.hiddenDropout);
  }

  /**
   * @returns `[batch, tokens, hidden]`
   * @throws ShapeError unless ids and mask are `[batch, tokens]`, with at most as many tokens as there are positions
   */
  forward({ inputIds, attentionMask }: BertInputs, ctx: ForwardContext = evaluation): tf.Tensor3D {
    const where = 'BlipTextModel.forward';
    const { count, dim } = this.positionEmbeddings;
    checkIsTensor(where, 'inputIds', inputIds, 'int32 [batch, tokens]');
    const text = ({ shape }: tf.Tensor): string => `[${shape.join(', ')}]`;
    const [, tokens = 0] = inputIds.shape;
    if (inputIds.rank !== 2 || tokens > count) {
      const cure = 'encode with maxLength, or make the model with more maxPositionEmbeddings';
      throw new ShapeError(where, 'inputIds', `[batch, tokens] with at most ${count} tokens (${cure})`, text(inputIds));
    }
    if (attentionMask !== undefined && text(attentionMask) !== text(inputIds))
      throw new ShapeError(where, 'attentionMask', text(inputIds), text(attentionMask));
    const positions = tf.slice(this.positionEmbeddings.weight.variable, [0, 0], [tokens, dim]);
    const sum = tf.add(this.wordEmbeddings.forward(inputIds), positions) as tf.Tensor3D;
    return this.dropout.forward(this.norm.forward(sum), childContext(ctx, 'dropout'));
  }

  /** Leaves out a buffer that older versions of transformers save. */
  protected override upgradeStateDict(state: StateEntries): void {
    state.ignore('position_ids', 'positions are counted from 0, as transformers does');
  }
}

/** The row of `[PAD]` starts at zero, as in the reference. */
function paddingZero(initialiser: Initialiser, row: number | null): Initialiser {
  if (row === null) return initialiser;
  return (shape, key) => {
    const initial = initialiser(shape, key);
    initial.data.fill(0, row * shape[1]!, (row + 1) * shape[1]!);
    return initial;
  };
}
