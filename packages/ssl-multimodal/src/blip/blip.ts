import * as tf from '@tensorflow/tfjs-core';
import { checkNumber } from '@selfsup/ssl-core';
import { FeatureQueue, featureStd, nextTokenCrossEntropy, softmaxCrossEntropy } from '@selfsup/ssl-losses';
import {
  childContext,
  drawKey,
  type ForwardContext,
  type Parameter,
  parametersOf,
  type TokenEncoder,
  twinOf,
} from '@selfsup/ssl-nn';
import {
  checkChoice,
  checkCount,
  checkRate,
  foldIn,
  type NdArray,
  ShapeError,
  takeRows,
  withoutGradient,
} from '@selfsup/ssl-tensor';
import { checkOptions } from '@selfsup/ssl-tensor/host';
import { type BertInputs, checkVocabulary, type WordPieceTokenizer } from '@selfsup/ssl-text-mlm';
import type {
  EmaPair,
  Method,
  MethodLoss,
  RunConfig,
  RunShape,
  Schedule,
  StepContext,
  Tensors,
} from '@selfsup/ssl-train';
import { type ImageStatistics, normalizeImages } from '@selfsup/ssl-vision';
import type { ImageTextBatch } from '../data/image-text-batch.js';
import { checkPairs } from '../data/check-pairs.js';
import { beginning } from './beginning.js';
import { BlipCaptioner } from './blip-captioner.js';
import { BlipMatcher } from './blip-matcher.js';
import { blipDefaults, type BlipOptions, blipOptionNames, temperatureRange } from './blip-options.js';
import { BlipTemperature } from './blip-temperature.js';
import { type BlipTokenIds, blipTokenIds, blipTokens } from './blip-tokens.js';
import { type CaptionOptions, captionPictures } from './caption-pictures.js';
import { checkTokenEncoder } from './check-token-encoder.js';
import { hardNegatives, sameTexts } from './hard-negatives.js';
import { type ImageTextPairs, matchScores } from './match-scores.js';
import { momentumContrast } from './momentum-contrast.js';
import { BlipTextDecoder } from './text/blip-text-decoder.js';
import { BlipTextModel } from './text/blip-text-model.js';

/** Label of tokens that do not count. */
const ignored = -100;

/**
 * BLIP: pictures and texts are learnt by three tasks at once, whose losses are added. The text encoder and the encoder of
 * pictures put both into one space ({@link momentumContrast}, with momentum encoders, queues and soft targets); the
 * image-grounded encoder tells pairs that match from hard negatives, a picture for each text and a text for each picture;
 * the decoder writes the text of the picture. The decoder has the encoder's weights but for self-attention.
 *
 * Texts begin with the tokeniser's `[CLS]`, in whose place the image-grounded encoder reads `[ENC]` and the decoder `[DEC]`.
 * Keep `modules.matcher` and `modules.captioner`, whose state dicts have transformers' names; search with both is
 * `rerankedRetrieval`.
 *
 * The momentum encoders follow, and the queues take their features, after an update; the authors' code moves the encoders
 * before the forward pass, which makes the same features. Other than there, pairs whose texts are the same, id for id, are
 * not taken as negatives of matching. Contrast and matching look at the pairs of a batch: with `accumulateSteps` each part
 * has its own alone.
 *
 * Metrics: the three losses; `matchingAccuracy`, over positives and negatives, 2/3 where all are called negatives;
 * `imageStd` and `textStd`, deviations of the embeddings, about `1 / sqrt(embedDim)` where they spread over the sphere, 0
 * where they have collapsed; `temperature`.
 *
 * Source: Li et al. 2022, arXiv 2201.12086, sections 3.1 and 3.2; `models/blip_pretrain.py` of salesforce/BLIP.
 */
export class Blip implements Method<ImageTextBatch, 'alpha'> {
  readonly name = 'blip';
  readonly settings: RunConfig;
  readonly modules: {
    readonly matcher: BlipMatcher;
    readonly captioner: BlipCaptioner;
    readonly momentumMatcher: BlipMatcher;
    readonly temperature: BlipTemperature;
  };
  readonly state: { readonly imageQueue: FeatureQueue; readonly textQueue: FeatureQueue };
  readonly tokenizer: WordPieceTokenizer;
  readonly tokenIds: BlipTokenIds;
  readonly normalize: ImageStatistics;
  readonly #momentum: number;
  readonly #alpha: number;
  readonly #alphaEpochs: number;
  readonly #labelSmoothing: number;
  readonly #negatives: 'drawn' | 'hardest';

  /**
   * @throws InvalidOptionError for options out of range, what is no encoder with tokens, and a vocabulary without BLIP's
   *   tokens; CheckpointError where the vocabulary is not the text model's
   */
  constructor(options: BlipOptions) {
    const where = 'Blip';
    const all = { ...blipDefaults, tokens: blipTokens, ...checkOptions(where, options, blipOptionNames) };
    const { image, text, tokenizer, key, normalize, tokens, embedDim, temperature, queueSize, momentum } = all;
    const { alpha, alphaEpochs, labelSmoothing, negatives } = all;
    checkTokenEncoder(where, image);
    this.tokenIds = blipTokenIds(where, tokenizer, tokens);
    checkCount(where, { embedDim, queueSize });
    checkNumber(where, 'temperature', temperature, ...temperatureRange);
    checkNumber(where, 'momentum', momentum, 0, 1);
    checkNumber(where, 'alpha', alpha, 0, 1);
    checkNumber(where, 'alphaEpochs', alphaEpochs, 0, Infinity);
    checkRate(where, { labelSmoothing });
    checkChoice(where, 'negatives', negatives, ['drawn', 'hardest']);
    const memoryDim = image.tokenDim;
    const encoder = new BlipTextModel(text, { key: foldIn(key, 'encoder'), memoryDim });
    checkVocabulary(tokenizer, encoder.config.vocabSize);
    const decoder = new BlipTextDecoder(text, { key: foldIn(key, 'decoder'), memoryDim, shared: encoder });
    const matcher = new BlipMatcher(image, encoder, { key: foldIn(key, 'matcher'), embedDim });
    this.modules = {
      matcher,
      captioner: new BlipCaptioner(image, decoder),
      momentumMatcher: twinOf(matcher),
      temperature: new BlipTemperature(temperature),
    };
    this.state = {
      imageQueue: new FeatureQueue(queueSize, embedDim, { key: foldIn(key, 'image-queue') }),
      textQueue: new FeatureQueue(queueSize, embedDim, { key: foldIn(key, 'text-queue') }),
    };
    this.settings = {
      temperature,
      queueSize,
      momentum,
      alpha,
      alphaEpochs,
      labelSmoothing,
      negatives,
      tokens: { ...this.tokenIds },
      normalize: { mean: normalize.mean, std: normalize.std } as RunConfig,
    };
    this.tokenizer = tokenizer;
    this.normalize = normalize;
    this.#momentum = momentum;
    this.#alpha = alpha;
    this.#alphaEpochs = alphaEpochs;
    this.#labelSmoothing = labelSmoothing;
    this.#negatives = negatives;
  }

  /** The encoder of pictures. */
  get image(): TokenEncoder {
    return this.modules.matcher.image;
  }

  /**
   * Captions of pictures.
   *
   * @param pictures uint8 `[n, height, width, channels]`
   * @returns one for each
   * @throws InvalidOptionError for options out of range, a prompt that leaves no room, and `nucleus` without a key;
   *   ShapeError for what are no pictures
   */
  caption(pictures: NdArray<Uint8Array>, options: CaptionOptions = {}): Promise<string[]> {
    return captionPictures(this, pictures, options);
  }

  /**
   * How probable it is that each picture and its text match, by the image-grounded encoder.
   *
   * @returns `[n]`, in 0 .. 1
   * @throws InvalidOptionError for texts that are too long; ShapeError where pictures and texts are not as many
   */
  matchScore(pairs: ImageTextPairs): Promise<Float32Array> {
    return matchScores(this, pairs);
  }

  trainable(): Map<string, Parameter> {
    const { matcher, captioner, temperature } = this.modules;
    return parametersOf({ matcher, captioner, temperature });
  }

  schedules(run: RunShape): { readonly alpha: Schedule } {
    const steps = this.#alphaEpochs * run.stepsPerEpoch;
    return { alpha: (step) => this.#alpha * (steps > 0 ? Math.min(1, step / steps) : 1) };
  }

  emaPairs(): EmaPair[] {
    const { matcher, momentumMatcher } = this.modules;
    return [{ online: matcher, target: momentumMatcher, momentum: this.#momentum, buffers: 'keep' }];
  }

  /**
   * @throws ShapeError for a single pair, which has no negative, and where pictures and texts are not as many or texts are
   *   too long
   */
  loss(batch: Tensors<ImageTextBatch>, ctx: StepContext<'alpha'>): MethodLoss {
    checkPairs('Blip', batch);
    const { images, inputIds, attentionMask } = batch;
    if (inputIds.shape[1]! < 2)
      throw new ShapeError('Blip', 'inputIds', 'texts of 2 tokens or more', `${inputIds.shape[1]}`);
    const { matcher, momentumMatcher, temperature } = this.modules;
    const { imageQueue, textQueue } = this.state;
    const pixels = normalizeImages(images, this.normalize);
    const texts = { inputIds, attentionMask };
    const { tokens, embeddings } = matcher.encodeImages(pixels, ctx);
    const own = matcher.embedTexts(texts, ctx);
    const teacher = childContext(ctx, 'momentum');
    const momentumImages = withoutGradient(() => momentumMatcher.encodeImages(pixels, teacher).embeddings);
    const momentumTexts = withoutGradient(() => momentumMatcher.embedTexts(texts, teacher));
    const contrast = momentumContrast(
      {
        images: embeddings,
        texts: own,
        momentumImages,
        momentumTexts,
        imageQueue: imageQueue.features,
        textQueue: textQueue.features,
      },
      temperature.value,
      ctx.values.alpha,
    );
    const same = sameTexts(inputIds);
    const key = (side: string): tf.Tensor1D | undefined =>
      this.#negatives === 'drawn' ? drawKey(childContext(ctx, side), 'Blip.loss') : undefined;
    const image = withoutGradient(() => hardNegatives(contrast.textToImage, same, key('negative-images')));
    const text = withoutGradient(() => hardNegatives(contrast.imageToText, same, key('negative-texts')));
    const matching = this.#matching(texts, tokens, { image, text }, ctx);
    const captioning = this.#captioning(texts, tokens, ctx);
    return {
      loss: tf.addN([contrast.loss, matching.loss, captioning]) as tf.Scalar,
      metrics: {
        contrastive: contrast.loss,
        matching: matching.loss,
        captioning,
        matchingAccuracy: matching.accuracy,
        imageStd: featureStd(embeddings),
        textStd: featureStd(own),
        temperature: tf.mul(temperature.value, 1),
      },
      carried: { images: momentumImages, texts: momentumTexts },
    };
  }

  /** @throws ShapeError unless the pairs of an update divide the queues, as in the authors' code */
  afterUpdate(_ctx: ForwardContext, carried: Readonly<Record<string, tf.Tensor>>): void {
    const { images, texts } = carried;
    const { imageQueue, textQueue } = this.state;
    const { value } = this.modules.temperature;
    const [size, rows] = [imageQueue.features.shape[0], images!.shape[0]!];
    if (size % rows !== 0)
      throw new ShapeError(
        'Blip',
        'batch',
        `of a number of pairs an update that divides queueSize ${size}`,
        `${rows}`,
        `Take queueSize: ${Math.max(1, Math.round(size / rows)) * rows}, and no last batch of what remains (dropLast)`,
      );
    imageQueue.enqueue(images as tf.Tensor2D);
    textQueue.enqueue(texts as tf.Tensor2D);
    (value as tf.Variable).assign(tf.clipByValue(value, ...temperatureRange));
  }

  /** Pairs, then texts with another's picture, then pictures with another's text. */
  #matching(
    texts: Required<Pick<BertInputs, 'inputIds' | 'attentionMask'>>,
    tokens: tf.Tensor3D,
    negatives: Readonly<Record<'image' | 'text', ReturnType<typeof hardNegatives>>>,
    ctx: ForwardContext,
  ): { readonly loss: tf.Scalar; readonly accuracy: tf.Scalar } {
    const ids = beginning(texts.inputIds, this.tokenIds.encode);
    const { image, text } = negatives;
    const [batch, count, dim] = tokens.shape;
    const others = takeRows(tf.reshape(tokens, [batch, count * dim]) as tf.Tensor2D, image.rows);
    const inputIds = tf.concat([ids, ids, tf.gather(ids, text.rows)]);
    const mask = texts.attentionMask;
    const attentionMask = tf.concat([mask, mask, tf.gather(mask, text.rows)]);
    const seen = tf.concat([tokens, tf.reshape(others, [batch, count, dim]) as tf.Tensor3D, tokens]);
    const logits = this.modules.matcher.match({ inputIds, attentionMask }, seen, ctx);
    const positive = tf.concat([tf.ones([batch], 'int32'), tf.zeros([2 * batch], 'int32')]) as tf.Tensor1D;
    // Those that are no negatives do not count, also in what the mean divides by.
    const counted = tf.concat([tf.ones([batch]), image.weight, text.weight]);
    const mean = (values: tf.Tensor): tf.Scalar => tf.div(tf.sum(tf.mul(values, counted)), tf.sum(counted));
    const right = withoutGradient(() => tf.cast(tf.equal(tf.argMax(logits, 1), positive), 'float32'));
    return { loss: mean(softmaxCrossEntropy(logits, positive, { reduction: 'none' })), accuracy: mean(right) };
  }

  #captioning(
    { inputIds, attentionMask }: Required<Pick<BertInputs, 'inputIds' | 'attentionMask'>>,
    tokens: tf.Tensor3D,
    ctx: ForwardContext,
  ): tf.Scalar {
    const ids = beginning(inputIds, this.tokenIds.decode);
    const { decoder } = this.modules.captioner;
    const logits = decoder.forward({ inputIds: ids, attentionMask }, tokens, childContext(ctx, 'decoder'));
    const targets = tf.where(tf.cast(attentionMask, 'bool'), ids, tf.fill(ids.shape, ignored, 'int32')) as tf.Tensor2D;
    const [batch, length] = ids.shape;
    return nextTokenCrossEntropy(
      tf.reshape(logits, [batch, length, decoder.config.vocabSize]) as tf.Tensor3D,
      targets,
      {
        labelSmoothing: this.#labelSmoothing,
        ignoreIndex: ignored,
      },
    );
  }
}
