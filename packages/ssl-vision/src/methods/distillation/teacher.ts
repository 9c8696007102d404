import type * as tf from '@tensorflow/tfjs-core';
import { type Encoder, evaluation } from '@selfsup/ssl-nn';
import { checkCount, InvalidOptionError, ShapeError, stopGradient } from '@selfsup/ssl-tensor';
import type { NdArray } from '@selfsup/ssl-tensor';
import { type JsonValue, weightsDigest } from '@selfsup/ssl-train';
import { checkOptions, type OptionNames } from '@selfsup/ssl-tensor/host';
import { checkEncoder } from '../../encoders/check-encoder.js';
import { checkImageStatistics, statisticsOf } from '../../images/check-image-statistics.js';
import { normalizeImages } from '../../images/normalize-images.js';
import type { ImageStatistics } from '../../images/check-image-statistics.js';
import { resizeBilinear } from '../../images/resize-bilinear.js';
import { type Features, featuresOf, mapOf, type WantedFeatures } from './features-of.js';

/** A frozen encoder that is copied, computed in the step. It is in no checkpoint; a run that goes on has to be given the same. */
export interface EncoderTeacher {
  /** Any: a backbone with weights of a file, an `OnnxEncoder`, a `LayersEncoder`. Runs in evaluation. */
  readonly encoder: Encoder;
  /** Statistics of the pixels that it was trained with. */
  readonly normalize: ImageStatistics;
  /** Side of the square pictures that it sees, to which views are brought. Default: the views'. */
  readonly size?: number;
  /** Of its maps: stage, or number of blocks that its tokens have gone through. Default: the last. */
  readonly stage?: number;
}

/** A teacher whose features come with the batch: what `withTeacher` says of its own. */
export interface BatchTeacher {
  readonly featureDim: number;
  /** Channels of its maps; left out: there are none. */
  readonly mapDim?: number;
  /** Tells it from other teachers, at resume. */
  readonly digest: string;
}

/** Where a teacher's features come from. */
export type DistillationTeacher = EncoderTeacher | BatchTeacher;

/** What `withTeacher` adds to a batch, view after view. */
export interface TaughtBatch {
  /** float32 `[views * batch, featureDim]` */
  readonly features: NdArray<Float32Array>;
  /** float32 `[views * batch, rows, columns, mapDim]` */
  readonly map?: NdArray<Float32Array>;
}

const encoderTeacherNames: OptionNames<EncoderTeacher> = {
  encoder: 'required',
  normalize: 'required',
  size: 'optionalNumber',
  stage: 'optionalNumber',
};

const batchTeacherNames: OptionNames<BatchTeacher> = {
  featureDim: 'requiredNumber',
  mapDim: 'optionalNumber',
  digest: 'required',
};

/** A teacher as methods use it. */
export interface Teacher {
  readonly featureDim: number;
  /** Of its maps, where they are wanted. */
  readonly mapDim: number | undefined;
  readonly settings: JsonValue;
  /**
   * Its features of the views of a batch; no gradient flows into them.
   *
   * @param images all views below each other, 0 .. 255
   * @param batch where they may be found
   */
  features(images: tf.Tensor, batch: { readonly teacher?: unknown }): Features;
}

/**
 * @param wanted what is needed of it
 * @throws InvalidOptionError for what is no teacher, or does not give what is wanted
 */
export function teacherOf(
  where: string,
  given: DistillationTeacher,
  wanted: { readonly global: boolean; readonly patches: boolean },
): Teacher {
  if (typeof given === 'object' && given !== null && 'featureDim' in given && !('encoder' in given))
    return ofBatch(where, given, wanted);
  return ofEncoder(where, given as EncoderTeacher, wanted);
}

function ofEncoder(
  where: string,
  given: EncoderTeacher,
  wanted: { readonly global: boolean; readonly patches: boolean },
): Teacher {
  const { encoder, normalize, size, stage } = checkOptions(where, given, encoderTeacherNames, 'teacher');
  checkEncoder(where, encoder, 'teacher.encoder');
  checkImageStatistics(where, 'teacher.normalize', normalize);
  if (size !== undefined) checkCount(where, { 'teacher.size': size });
  const { global } = wanted;
  const map = wanted.patches ? mapOf(where, 'teacher.encoder', encoder, { stage, global, trains: false }) : undefined;
  const passes: WantedFeatures = { global, stage: map?.stage };
  return {
    featureDim: encoder.featureDim,
    mapDim: map?.channels,
    settings: {
      digest: weightsDigest(encoder),
      normalize: statisticsOf(normalize),
      ...(size === undefined ? {} : { size }),
      ...(map === undefined ? {} : { stage: map.stage }),
    },
    features: (images) => {
      const own = size === undefined ? images : resizeBilinear(images as tf.Tensor4D, [size, size]);
      const { global: features, map: found } = featuresOf(encoder, normalizeImages(own, normalize), passes, evaluation);
      return {
        ...(features === undefined ? {} : { global: stopGradient(features) }),
        ...(found === undefined ? {} : { map: stopGradient(found) }),
      };
    },
  };
}

function ofBatch(
  where: string,
  given: BatchTeacher,
  wanted: { readonly global: boolean; readonly patches: boolean },
): Teacher {
  const { featureDim, mapDim, digest } = checkOptions(where, given, batchTeacherNames, 'teacher');
  checkCount(where, { 'teacher.featureDim': featureDim });
  if (typeof digest !== 'string') throw new InvalidOptionError(where, 'teacher.digest', 'a text', digest);
  if (wanted.patches && mapDim === undefined)
    throw new InvalidOptionError(where, 'teacher.mapDim', 'given where patchWeight is above 0', mapDim);
  if (mapDim !== undefined) checkCount(where, { 'teacher.mapDim': mapDim });
  const taken = (
    batch: { readonly teacher?: unknown },
    name: 'features' | 'map',
    shape: readonly unknown[],
  ): tf.Tensor => {
    const found = (batch.teacher as Readonly<Record<string, tf.Tensor | undefined>> | undefined)?.[name];
    const text = `[${shape.join(', ')}]`;
    if (found === undefined)
      throw new InvalidOptionError(
        where,
        `batch.teacher.${name}`,
        text,
        found,
        'Let the loader add it: withTeacher(loader, { encoder, normalize })',
      );
    if (found.rank !== shape.length || shape.some((axis, at) => typeof axis === 'number' && found.shape[at] !== axis))
      throw new ShapeError(where, `batch.teacher.${name}`, text, `[${found.shape.join(', ')}]`);
    return found;
  };
  return {
    featureDim,
    mapDim,
    settings: { digest },
    features: ({ shape: [rows] }, batch) => ({
      ...(wanted.global ? { global: taken(batch, 'features', [rows, featureDim]) as tf.Tensor2D } : {}),
      ...(wanted.patches ? { map: taken(batch, 'map', [rows, 'rows', 'columns', mapDim]) as tf.Tensor4D } : {}),
    }),
  };
}
