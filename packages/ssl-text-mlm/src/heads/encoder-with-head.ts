import { checkParameterName, type Layered, type LoadStateResult, Module } from '@selfsup/ssl-nn';
import {
  checkCount,
  checkOptions,
  checkRate,
  type NdArray,
  type OptionNames,
  type RandomKey,
} from '@selfsup/ssl-tensor/host';
import { loadEncoder } from '../models/load-encoder.js';
import { checkTextModel, type TextModel } from '../models/text-model.js';

/** Options of a head with a score for each of some labels. */
export interface TextHeadOptions {
  /** Source of the head's initial weights. */
  readonly key: RandomKey;
  /** Scores: classes, labels, or numbers to predict. */
  readonly numLabels: number;
  /** Dropout before the scores while training. Default what the encoder's configuration says. */
  readonly classifierDropout?: number;
}

/** Names of {@link TextHeadOptions}. */
export const textHeadOptionNames: OptionNames<TextHeadOptions> = {
  key: 'requiredKey',
  numLabels: 'requiredNumber',
  classifierDropout: 'optionalNumber',
};

/** An encoder of any family under its own name (`bert.`, `roberta.`), with a head beside it. */
export abstract class EncoderWithHead extends Module implements Layered {
  static override readonly fieldNames: Readonly<Record<string, string>> = { base: '' };
  private readonly base: Readonly<Record<string, TextModel>>;

  /** @throws InvalidOptionError for what is no encoder of texts */
  protected constructor(where: string, encoder: TextModel) {
    super();
    checkTextModel(where, encoder);
    this.base = { [encoder.baseName]: encoder };
  }

  /** The encoder without the head. */
  get encoder(): TextModel {
    return Object.values(this.base)[0]!;
  }

  get layerCount(): number {
    return this.encoder.layerCount;
  }

  /** As the encoder's; the head is of the last layer. */
  layerOf(name: string): number {
    checkParameterName(`${this.constructor.name}.layerOf`, this, name);
    const prefix = `${this.encoder.baseName}.`;
    return name.startsWith(prefix) ? this.encoder.layerOf(name.slice(prefix.length)) : this.layerCount - 1;
  }

  /**
   * Takes the encoder's weights from a state dict of a pretrained model; the head stays as it is.
   *
   * @param state with names under the encoder's own (`roberta.`)
   * @returns what of the state dict is not in the encoder, with the reason
   * @throws CheckpointError if the encoder does not fit
   */
  loadEncoder(state: ReadonlyMap<string, NdArray>): LoadStateResult {
    return loadEncoder(this.encoder, state);
  }
}

/**
 * The options of a head, with the dropout that the encoder's configuration has for it.
 *
 * @throws InvalidOptionError if `numLabels` is not a positive integer or the dropout is outside [0, 1)
 */
export function checkHeadOptions(
  where: string,
  encoder: TextModel,
  options: TextHeadOptions,
  configured = encoder.config.classifierDropout ?? encoder.config.hiddenDropout ?? 0,
): Required<TextHeadOptions> {
  const { key, numLabels, classifierDropout = configured } = checkOptions(where, options, textHeadOptionNames);
  checkCount(where, { numLabels });
  checkRate(where, { classifierDropout });
  return { key, numLabels, classifierDropout };
}
