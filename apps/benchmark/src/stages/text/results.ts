import type { ByLabels, Measurement } from '../../runs/summary.js';

/** Stage `tokenizer`. */
export interface TokenizerResult {
  readonly vocabulary: number;
  readonly glosses: {
    readonly pretrain: number;
    readonly maskedTest: number;
    readonly labelled: number;
    readonly test: number;
  };
  /** Whether pretraining saw the text (never the class) of the glosses that labels are drawn from. */
  readonly labelledSeen: boolean;
  /** Share of the glosses that are cut at the length limit. */
  readonly truncated: number;
}

/** Stage `pretrain`. */
export interface MlmResult {
  readonly steps: number;
  /** Wall time of training alone. */
  readonly seconds: number;
  /** Training loss at each logged step. */
  readonly loss: readonly Measurement[];
  readonly maskedAccuracy: readonly Measurement[];
  readonly maskedLoss: readonly Measurement[];
}

/** Stages `fine-tune` and `scratch`. */
export interface ClassifyResult {
  readonly classes: number;
  readonly accuracy: ByLabels;
}

/** A guess at a masked token. */
export interface MaskGuess {
  readonly token: string;
  readonly probability: number;
}

/** Stage `masks`: held-out glosses with one masked token each. */
export interface MasksResult {
  readonly examples: readonly {
    readonly before: string;
    readonly after: string;
    readonly truth: string;
    /** Most probable first. */
    readonly guesses: readonly MaskGuess[];
  }[];
}
