import type { Method } from '@selfsup/ssl-train';
import { foldIn, type RandomKey } from '@selfsup/ssl-tensor/host';
import type { MlmBatch, MlmLoader } from '../data/mlm-loader.js';
import { MaskedLmEvaluator } from '../evaluation/masked-lm-evaluator.js';
import { ReplacedTokenEvaluator } from '../evaluation/replaced-token-evaluator.js';
import { TextForTokenDetection } from '../heads/text-for-token-detection.js';
import { MaskedLanguageModelling } from '../methods/masked-language-modelling.js';
import { ReplacedTokenDetection } from '../methods/replaced-token-detection.js';
import type { MaskedLmModel } from '../models/masked-lm-model.js';
import type { TokenDetector } from '../models/token-detector.js';
import { encoderOf, maskedLmOf, type TextModelType } from './text-architecture.js';

/** What a text encoder learns by. */
export type TextObjective = 'masked-language-modelling' | 'replaced-token-detection';

export const textObjectives: readonly TextObjective[] = ['masked-language-modelling', 'replaced-token-detection'];

/** What is trained, measured and kept. */
export interface TextLearning {
  readonly method: Method<MlmBatch>;
  /** The model that can fill in masks: the one that is kept, or the generator beside it. */
  readonly maskedLm: MaskedLmModel;
  /** Of held-out texts. */
  readonly evaluator: { evaluate(loader: MlmLoader): Promise<Record<string, number>>; dispose(): void };
  /** The model that is kept, with the weights with which it computes; the others are freed. */
  keep(): MaskedLmModel | TokenDetector;
  dispose(): void;
}

/** @param config of the encoder */
export function textLearning(
  objective: TextObjective,
  type: TextModelType,
  config: object,
  key: RandomKey,
): TextLearning {
  return objective === 'masked-language-modelling'
    ? masking(maskedLmOf(type, config, foldIn(key, 'model')))
    : detection(
        maskedLmOf(type, generatorConfig(config), foldIn(key, 'generator')),
        new TextForTokenDetection(encoderOf(type, config, foldIn(key, 'model')), { key: foldIn(key, 'head') }),
      );
}

/** Of a generator beside an encoder: as wide, with half of its layers, as DeBERTa-v3's (arXiv:2111.09543). */
export function generatorConfig(config: object): object {
  const { numHiddenLayers, layerTypes, ...rest } = config as {
    readonly numHiddenLayers: number;
    readonly layerTypes?: readonly string[];
  };
  const layers = Math.max(1, Math.ceil(numHiddenLayers / 2));
  return {
    ...rest,
    numHiddenLayers: layers,
    ...(layerTypes === undefined ? {} : { layerTypes: layerTypes.slice(0, layers) }),
  };
}

function masking(model: MaskedLmModel): TextLearning {
  const evaluator = new MaskedLmEvaluator(model);
  return {
    method: new MaskedLanguageModelling(model),
    maskedLm: model,
    evaluator: {
      evaluate: async (loader) => {
        const { loss, accuracy } = await evaluator.evaluate(loader);
        return { heldOutLoss: loss, heldOutAccuracy: accuracy };
      },
      dispose: () => evaluator.dispose(),
    },
    keep: () => model,
    dispose: () => model.dispose(),
  };
}

function detection(generator: MaskedLmModel, discriminator: TextForTokenDetection): TextLearning {
  const method = new ReplacedTokenDetection(generator, discriminator, { sharing: 'gradient-disentangled' });
  const evaluator = new ReplacedTokenEvaluator(method);
  return {
    method,
    maskedLm: generator,
    evaluator: {
      evaluate: async (loader) => {
        const { loss, detectionAccuracy, detected, maskedAccuracy } = await evaluator.evaluate(loader);
        return {
          heldOutLoss: loss,
          heldOutAccuracy: detectionAccuracy,
          heldOutDetected: detected,
          heldOutMaskedAccuracy: maskedAccuracy,
        };
      },
      dispose: () => evaluator.dispose(),
    },
    keep: () => {
      discriminator.loadStateDict(method.discriminatorState());
      generator.dispose();
      return discriminator;
    },
    dispose: () => {
      generator.dispose();
      discriminator.dispose();
    },
  };
}
