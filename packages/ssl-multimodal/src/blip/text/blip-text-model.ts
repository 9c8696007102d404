import type * as tf from '@tensorflow/tfjs-core';
import { childContext, evaluation, type ForwardContext, Module, type StateEntries } from '@selfsup/ssl-nn';
import {
  checkCount,
  checkOptions,
  foldIn,
  InvalidOptionError,
  type OptionNames,
  type RandomKey,
} from '@selfsup/ssl-tensor/host';
import { type BertConfig, bertConfig, type BertInputs, checkOneTextEach } from '@selfsup/ssl-text-mlm';
import { BlipTextEmbeddings } from './blip-text-embeddings.js';
import { BlipTextLayer } from './blip-text-layer.js';

/** Options of {@link BlipTextModel}. */
export interface BlipTextModelOptions {
  /** Source of the initial weights. */
  readonly key: RandomKey;
  /** Width of the pictures' tokens. */
  readonly memoryDim: number;
  /** A model whose weights this one has too, but for those of self-attention: BLIP's encoder and decoder. Default none. */
  readonly shared?: BlipTextModel;
}

const blipTextModelOptionNames: OptionNames<BlipTextModelOptions> = {
  key: 'requiredKey',
  memoryDim: 'requiredNumber',
  shared: 'optional',
};

/** How {@link BlipTextModel} reads. */
export interface BlipTextPass {
  /** A token attends itself and those before it only: the decoder. Default false. */
  readonly causal?: boolean;
  /** Tokens of the pictures, `[batch, memory, memoryDim]`: the image-grounded encoder and the decoder. Default: text alone. */
  readonly memory?: tf.Tensor3D;
}

const blipTextPassNames: OptionNames<BlipTextPass> = { causal: 'optionalFlag', memory: 'optional' };

/**
 * BLIP's model of texts, a BERT with cross-attention to the tokens of pictures: by the call it is the text encoder (text
 * alone), the image-grounded encoder (`memory`) or the decoder (`memory`, `causal`).
 *
 * State names and shapes are those of transformers' `BlipTextModel` without pooler. Of the configuration, `typeVocabSize`
 * and `classifierDropout` are not used: BLIP has no segments.
 *
 * Source: Li et al. 2022, arXiv 2201.12086, section 3.1 and figure 2; `models/med.py` of salesforce/BLIP.
 */
export class BlipTextModel extends Module {
  static override readonly fieldNames = { layers: 'encoder.layer' };
  readonly config: BertConfig;
  readonly memoryDim: number;
  readonly embeddings: BlipTextEmbeddings;
  readonly layers: readonly BlipTextLayer[];

  /** @throws InvalidOptionError for a configuration or options that are out of range, and for `shared` of other sizes */
  constructor(config: BertConfig, options: BlipTextModelOptions) {
    super();
    const where = 'BlipTextModel';
    const { key, memoryDim, shared } = checkOptions(where, options, blipTextModelOptionNames);
    checkCount(where, { memoryDim });
    this.config = bertConfig(config);
    this.memoryDim = memoryDim;
    if (shared !== undefined) checkShared(where, this.config, memoryDim, shared);
    this.embeddings = shared?.embeddings ?? new BlipTextEmbeddings(this.config, foldIn(key, 'embeddings'));
    this.layers = Array.from(
      { length: this.config.numHiddenLayers },
      (_, at) => new BlipTextLayer(this.config, foldIn(foldIn(key, 'layer'), at), memoryDim, shared?.layers[at]),
    );
  }

  /**
   * @param inputs ids and mask; token types are not read
   * @returns the last layer's tokens, `[batch, tokens, hidden]`
   * @throws ShapeError if the inputs are not `[batch, tokens]` or too long, or the memory does not fit; InvalidOptionError for
   *   packed rows, which hold several texts
   */
  forward(inputs: BertInputs, ctx: ForwardContext = evaluation, pass: BlipTextPass = {}): tf.Tensor3D {
    const { causal = false, memory } = checkOptions('BlipTextModel.forward', pass, blipTextPassNames);
    checkOneTextEach('BlipTextModel.forward', inputs);
    const { attentionMask: mask } = inputs;
    const each = { causal, ...(mask === undefined ? {} : { mask }), ...(memory === undefined ? {} : { memory }) };
    return this.layers.reduce(
      (x, layer, at) => layer.forward(x, childContext(ctx, at), each),
      this.embeddings.forward(inputs, childContext(ctx, 'embeddings')),
    );
  }

  /** A pooler of the file, which BLIP's own models have none of, is reported as ignored. */
  protected override upgradeStateDict(state: StateEntries): void {
    for (const name of state.names())
      if (name.startsWith('pooler.')) state.ignore(name, 'the pooler, which this model does not have');
  }
}

function checkShared(where: string, config: BertConfig, memoryDim: number, shared: BlipTextModel): void {
  const sizes = { ...config, memoryDim };
  const known = { ...shared.config, memoryDim: shared.memoryDim };
  const other = (Object.keys(sizes) as (keyof typeof sizes)[]).find((name) => sizes[name] !== known[name]);
  if (other === undefined) return;
  throw new InvalidOptionError(where, 'shared', `a model of ${other} ${sizes[other]}`, `${other} ${known[other]}`);
}
