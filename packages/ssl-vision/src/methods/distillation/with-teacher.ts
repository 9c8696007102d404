import { crc32 } from 'node:zlib';
import * as tf from '@tensorflow/tfjs-core';
import { checkPositive, DataError, InvalidOptionError, type NdArray, ShapeError } from '@selfsup/ssl-core';
import { type CompiledFunction, compile } from '@selfsup/ssl-tensor';
import { checkOptions, type OptionNames } from '@selfsup/ssl-tensor/host';
import type { BatchLoader } from '@selfsup/ssl-train';
import type { BatchTeacher, EncoderTeacher, TaughtBatch } from './teacher.js';
import { teacherOf } from './teacher.js';

/** Options of {@link withTeacher}. */
export interface WithTeacherOptions extends EncoderTeacher {
  /** Maps, too, which patches are copied of. Default false. */
  readonly patches?: boolean;
  /**
   * Keep the features of each sample, so that the teacher sees it once: for views that are the same in every epoch. Batches
   * must have `index`, as those of `DataLoader` have. Default false.
   */
  readonly cache?: boolean;
  /** Bytes that kept features may take; what does not fit is computed again. Default 1 GiB. */
  readonly cacheBytes?: number;
}

const withTeacherOptionNames: OptionNames<WithTeacherOptions> = {
  encoder: 'required',
  normalize: 'required',
  size: 'optionalNumber',
  stage: 'optionalNumber',
  patches: 'optionalFlag',
  cache: 'optionalFlag',
  cacheBytes: 'optionalNumber',
};

/** Defaults of {@link withTeacher}. */
export const withTeacherDefaults = { patches: false, cache: false, cacheBytes: 2 ** 30 } as const;

/** A batch of views, with numbers of the samples where features are to be kept. */
export interface ViewsOfSamples {
  readonly views: readonly NdArray<Uint8Array>[];
  readonly index?: NdArray<Int32Array>;
}

/** A loader whose batches have a teacher's features. */
export interface TaughtLoader<B> extends BatchLoader<B & { readonly teacher: TaughtBatch }> {
  /** What a method takes in place of the encoder: `new Distillation({ teacher: loader.teacher, ... })`. */
  readonly teacher: BatchTeacher;
}

/** Features of one view of a sample, and what they were computed of. */
interface Kept {
  readonly pixels: number;
  readonly rows: readonly Float32Array[];
}

/**
 * A loader with the features of a frozen teacher in each batch, computed before the step: in place of a teacher in the step
 * where views are fixed and its features can be kept, or where one pass of it serves several students' runs. What a batch
 * has depends on its pixels alone, so a run that goes on has the same. Closing it closes the loader.
 *
 * @throws InvalidOptionError for what is no loader and no teacher, and from `epoch` for batches without `views`, or without
 *   `index` where features are kept; DataError where they are kept and a sample's view has changed
 *
 * @example
 * const loader = withTeacher(new DataLoader({ dataset, views: [resize({ size: 224 })], batchSize }), { encoder, normalize, cache: true });
 * const method = new Distillation({ backbone, key, normalize, size: 32, teacher: loader.teacher });
 */
export function withTeacher<B extends ViewsOfSamples>(
  loader: BatchLoader<B>,
  options: WithTeacherOptions,
): TaughtLoader<B> {
  const where = 'withTeacher';
  const all = { ...withTeacherDefaults, ...checkOptions(where, options, withTeacherOptionNames) };
  const { patches, cache, cacheBytes, encoder, normalize, size, stage } = all;
  if (typeof (loader as Partial<BatchLoader<B>> | undefined)?.epoch !== 'function')
    throw new InvalidOptionError(where, 'loader', 'a loader', loader);
  checkPositive(where, { cacheBytes });
  const given: EncoderTeacher = {
    encoder,
    normalize,
    ...(size === undefined ? {} : { size }),
    ...(stage === undefined ? {} : { stage }),
  };
  const teacher = teacherOf(where, given, { global: true, patches });
  const forward = compile(
    (images: tf.Tensor) => {
      const { global, map } = teacher.features(images, {});
      return [global!, ...(map === undefined ? [] : [map])];
    },
    { name: 'teacher' },
  );
  const kept = cache ? new KeptFeatures(cacheBytes) : undefined;
  return {
    batchesPerEpoch: loader.batchesPerEpoch,
    teacher: {
      featureDim: teacher.featureDim,
      ...(teacher.mapDim === undefined ? {} : { mapDim: teacher.mapDim }),
      digest: JSON.stringify(teacher.settings),
    },
    async *epoch(epoch, fromBatch) {
      for await (const batch of loader.epoch(epoch, fromBatch)) {
        const images = joined(where, batch);
        const names = kept === undefined ? undefined : placesOf(where, batch);
        const arrays = kept?.get(images, names!) ?? (await computed(forward, images));
        if (kept !== undefined) kept.put(images, names!, arrays);
        const [features, map] = arrays as [NdArray<Float32Array>, NdArray<Float32Array> | undefined];
        yield { ...batch, teacher: { features, ...(map === undefined ? {} : { map }) } };
      }
    },
    async close() {
      forward.dispose();
      await loader.close();
    },
  };
}

/** Views below each other. */
function joined(where: string, { views }: ViewsOfSamples): NdArray<Uint8Array> {
  if (!Array.isArray(views)) {
    const advice = 'Give the loader views: new DataLoader({ dataset, views: [resize({ size: 224 })], batchSize })';
    throw new InvalidOptionError(where, 'batch.views', 'an array of views', views, advice);
  }
  const [first] = views as ViewsOfSamples['views'];
  const shapes = views.map(({ shape }: NdArray) => `[${shape.join(', ')}]`);
  if (first === undefined || new Set(shapes).size !== 1)
    throw new ShapeError(where, 'views', 'one or more arrays of one shape', shapes.join(' and ') || 'none');
  if (views.length === 1) return first;
  const data = new Uint8Array(views.length * first.data.length);
  views.forEach((view: NdArray<Uint8Array>, at) => data.set(view.data, at * first.data.length));
  return { data, shape: [views.length * first.shape[0]!, ...first.shape.slice(1)] };
}

/** A name for each row: sample and view. */
function placesOf(where: string, { views, index }: ViewsOfSamples): string[] {
  if (index === undefined)
    throw new InvalidOptionError(where, 'batch.index', "the samples' numbers where features are kept", index);
  return views.flatMap((_, view) => Array.from(index.data, (sample) => `${sample} ${view}`));
}

async function computed(
  forward: CompiledFunction<[tf.Tensor], tf.Tensor[]>,
  images: NdArray<Uint8Array>,
): Promise<NdArray<Float32Array>[]> {
  const outputs = await forward(images);
  try {
    const arrays: NdArray<Float32Array>[] = [];
    for (const output of outputs)
      arrays.push({ data: Float32Array.from(await output.data()), shape: [...output.shape] });
    return arrays;
  } finally {
    tf.dispose(outputs);
  }
}

/** Features by sample and view, as long as they fit. */
class KeptFeatures {
  readonly #kept = new Map<string, Kept>();
  readonly #shapes: number[][] = [];
  #bytes: number;

  constructor(bytes: number) {
    this.#bytes = bytes;
  }

  /**
   * The features of a batch, if all are kept.
   *
   * @throws DataError where a view has changed
   */
  get(images: NdArray<Uint8Array>, places: readonly string[]): NdArray<Float32Array>[] | undefined {
    const found = places.map((place) => this.#kept.get(place));
    if (found.some((kept) => kept === undefined)) return undefined;
    const rows = rowsOf(images, places.length);
    found.forEach((kept, at) => {
      if (kept!.pixels === crc32(rows(at))) return;
      const [sample, view] = places[at]!.split(' ');
      throw new DataError(
        `view ${view} of sample ${sample} is not what it was: withTeacher keeps features of views that are the same in every epoch. Take cache: false, or views without randomness`,
      );
    });
    return this.#shapes.map((shape, at) => {
      const size = found[0]!.rows[at]!.length;
      const data = new Float32Array(places.length * size);
      found.forEach((kept, row) => data.set(kept!.rows[at]!, row * size));
      return { data, shape: [places.length, ...shape] };
    });
  }

  put(images: NdArray<Uint8Array>, places: readonly string[], arrays: readonly NdArray<Float32Array>[]): void {
    const rows = rowsOf(images, places.length);
    places.forEach((place, row) => {
      const own = arrays.map(({ data }) =>
        data.slice((row * data.length) / places.length, ((row + 1) * data.length) / places.length),
      );
      const bytes = own.reduce((sum, { byteLength }) => sum + byteLength, 0);
      if (this.#kept.has(place) || bytes > this.#bytes) return;
      this.#bytes -= bytes;
      this.#kept.set(place, { pixels: crc32(rows(row)), rows: own });
    });
    if (this.#shapes.length === 0) this.#shapes.push(...arrays.map(({ shape }) => shape.slice(1) as number[]));
  }
}

/** The pixels of a row. */
const rowsOf =
  ({ data }: NdArray<Uint8Array>, count: number) =>
  (row: number): Uint8Array =>
    data.subarray((row * data.length) / count, ((row + 1) * data.length) / count);
