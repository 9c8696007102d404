import { createHash } from 'node:crypto';
import * as tf from '@tensorflow/tfjs-core';
import { checkAscending, type Encoder, evaluation, type ForwardContext, Module } from '@selfsup/ssl-nn';
import type { MapEncoder, MapOptions, MapStage } from '@selfsup/ssl-nn';
import { checkChoice, checkCount, DataError, InvalidOptionError, type NdArray, ShapeError } from '@selfsup/ssl-core';
import { hostCall, stopGradient } from '@selfsup/ssl-tensor';
import { checkOptions, type OptionNames } from '@selfsup/ssl-tensor/host';
import { mapOptionNames } from '../map-option-names.js';
import { OnnxGraph } from './onnx-graph.js';
import { chosenValue, describeValue, describeValues, type OnnxValue } from './onnx-values.js';
import { checkPictures, type PictureLayout, pictureLayoutOf } from './picture-layout.js';

/** Defaults of {@link OnnxEncoder}: a class token before those of the patches, as vision transformers have. */
export const onnxEncoderDefaults = { pool: 'cls', prefix: 1, imageSize: 224, maxBytes: 2 ** 31 - 1 } as const;

/** Options of {@link OnnxEncoder.open}. */
export interface OnnxEncoderOptions {
  /** Name of the input that takes pictures. Default: the only one. */
  readonly input?: string;
  /**
   * Name of the output that is pooled: features `[batch, dim]`, tokens `[batch, tokens, dim]` or a map. Default: the only
   * output of rank 2, else the only one.
   */
  readonly output?: string;
  /** Name of the output with tokens or a map. Default: `output` where that has them, else the only one that has; none: none. */
  readonly mapOutput?: string;
  /** Of pictures in the file, and of its maps. Default: by the axis of 1, 3 or 4 channels. */
  readonly layout?: 'NHWC' | 'NCHW';
  /** What becomes of tokens: the first one, or the mean of those after the prefix. Of a map it is the mean. Default `cls`. */
  readonly pool?: 'cls' | 'mean';
  /** Leading tokens that belong to no place: a class token, registers. Default 1. */
  readonly prefix?: number;
  /** Side of the pictures by which the file is tried, where it takes any. Default 224. */
  readonly imageSize?: number;
  /** Channels of the pictures, where the file takes any. Default 3. */
  readonly channels?: number;
  /** Threads inside an operator. Default: as compiled steps have. */
  readonly threads?: number;
  /** Bytes at most. Default 2 GiB, the most that ONNX allows. */
  readonly maxBytes?: number;
}

const onnxEncoderOptionNames: OptionNames<OnnxEncoderOptions> = {
  input: 'optional',
  output: 'optional',
  mapOutput: 'optional',
  layout: 'optional',
  pool: 'optional',
  prefix: 'optionalNumber',
  imageSize: 'optionalNumber',
  channels: 'optionalNumber',
  threads: 'optionalNumber',
  maxBytes: 'optionalNumber',
};

/** What {@link OnnxEncoder} is made of. */
interface Parts {
  readonly graph: OnnxGraph;
  readonly digest: string;
  readonly input: OnnxValue;
  readonly output: OnnxValue;
  readonly map: OnnxValue | undefined;
  readonly pictures: PictureLayout;
  readonly pool: 'cls' | 'mean';
  readonly prefix: number;
}

const where = 'OnnxEncoder';

/**
 * An ONNX file as a frozen encoder, in this package's ONNX Runtime: a teacher to distil from, features for kNN and probes.
 * It runs inside `compile()`, as a host call: the step is cut there, and the file's graph is a session of its own. Nothing
 * of it trains and no gradient goes through it; it is in no checkpoint.
 *
 * Takes float32 pictures, normalised by whoever calls it with the statistics that the file wants, or uint8 ones: a file with
 * its normalisation inside, which `rawPixelStatistics` hands pixels as they are.
 *
 * @example
 * const encoder = await OnnxEncoder.open('dinov2-small.onnx', { output: 'last_hidden_state' });
 * const method = new Distillation({ backbone, key, normalize, teacher: { encoder, normalize: imagenetStatistics, size: 224 } });
 */
export class OnnxEncoder extends Module implements Encoder, MapEncoder {
  readonly featureDim: number;
  /** The one stage of its tokens or map; none where the file has none. */
  readonly stages: readonly MapStage[];
  /** Whether the file takes uint8 pictures and normalises them itself: they want `rawPixelStatistics`. */
  readonly takesPixels: boolean;
  /** 16 hexadecimal digits of the SHA-256 of the file and of what is taken of it. */
  readonly digest: string;
  private readonly parts: Parts;
  /** What was made of pictures, so that features and map come of one call. */
  private readonly made = new WeakMap<tf.Tensor, readonly tf.Tensor[]>();

  private constructor(parts: Parts, featureDim: number, stages: readonly MapStage[]) {
    super();
    this.parts = parts;
    this.digest = parts.digest;
    this.takesPixels = isBytes(parts.input);
    this.featureDim = featureDim;
    this.stages = stages;
  }

  /**
   * Loads a file, and runs it once on a black picture, by which its sizes are known and what is wrong shows at once.
   *
   * Of a file from a stranger, size and kind are bounded, and data in other files is refused; how long its graph computes
   * and how much memory that takes is the file's.
   *
   * @param source path of a file, or its bytes
   * @throws DataError for a file that is missing, too large or no ONNX file that the runtime can run; InvalidOptionError
   *   where inputs, outputs or layout cannot be told or are of other types or ranks, with all that there are
   */
  static async open(source: string | Uint8Array, options: OnnxEncoderOptions = {}): Promise<OnnxEncoder> {
    const all = { ...onnxEncoderDefaults, ...checkOptions(where, options, onnxEncoderOptionNames) };
    const { pool, prefix, imageSize, maxBytes, threads, layout, channels = 3 } = all;
    checkChoice(where, 'pool', pool, ['cls', 'mean']);
    if (layout !== undefined) checkChoice(where, 'layout', layout, ['NHWC', 'NCHW']);
    checkCount(where, { prefix }, 0);
    checkCount(where, { imageSize, maxBytes, channels, ...(threads === undefined ? {} : { threads }) });
    const { graph, bytes } = await OnnxGraph.open(source, { maxBytes, threads });
    try {
      const { input, output, map } = valuesOf(graph, all);
      const pictures = pictureLayoutOf(where, input, layout);
      const chosen = JSON.stringify([output.name, map?.name, pool, prefix, pictures.layout]);
      const digest = createHash('sha256').update(bytes).update(chosen).digest('hex').slice(0, 16);
      const parts: Parts = { graph, digest, input, output, map, pictures, pool, prefix };
      const side = (axis: number | undefined): number => axis ?? imageSize;
      const shape = [1, side(pictures.height), side(pictures.width), pictures.channels ?? channels] as const;
      const black = { data: new Float32Array(shape[1] * shape[2] * shape[3]), shape: stored(shape, pictures) };
      const tried = await run(parts, black);
      const featureDim = pooledShape(output, tried[0]!.shape, parts).at(-1)!;
      return new OnnxEncoder(
        parts,
        featureDim,
        map === undefined ? [] : [stageOf(map, tried.at(-1)!.shape, parts, shape)],
      );
    } catch (error) {
      await graph.release();
      throw error;
    }
  }

  /** Frees the file's graph. The encoder cannot be used afterwards. */
  async close(): Promise<void> {
    await this.parts.graph.release();
  }

  /**
   * @param images float32 `[batch, height, width, channels]`; of a file that takes uint8: 0 .. 255
   * @throws ShapeError for pictures of other sizes than the file's; UnsupportedOpError outside `compile()`
   */
  forward(images: tf.Tensor4D, _ctx: ForwardContext = evaluation): tf.Tensor2D {
    const { output, pool, prefix, pictures } = this.parts;
    const [x] = this.outputsOf(images);
    if (output.isTensor && x!.rank === 2) return x as tf.Tensor2D;
    if (x!.rank === 4) return tf.mean(x!, pictures.layout === 'NCHW' ? [2, 3] : [1, 2]);
    const [batch, count, dim] = x!.shape as [number, number, number];
    if (pool === 'cls') return tf.reshape(tf.slice(x!, [0, 0, 0], [batch, 1, dim]), [batch, dim]);
    return tf.mean(tf.slice(x!, [0, prefix, 0], [batch, count - prefix, dim]), 1);
  }

  /** @throws InvalidOptionError for a file without tokens or a map */
  maps(images: tf.Tensor4D, _ctx: ForwardContext = evaluation, options: MapOptions = {}): tf.Tensor4D[] {
    const { stages = [0] } = checkOptions('OnnxEncoder.maps', options, mapOptionNames);
    const { map, prefix, pictures } = this.parts;
    if (map === undefined)
      throw new InvalidOptionError('OnnxEncoder.maps', 'mapOutput', 'an output of rank 3 or 4', map);
    checkAscending('OnnxEncoder.maps', 'stages', stages, 0, 0);
    const x = this.outputsOf(images).at(-1)!;
    if (x.rank === 4) return [(pictures.layout === 'NCHW' ? tf.transpose(x, [0, 2, 3, 1]) : x) as tf.Tensor4D];
    const [batch, count, dim] = x.shape as [number, number, number];
    const places = tf.slice(x, [0, prefix, 0], [batch, count - prefix, dim]);
    return [tf.reshape(places, [batch, ...this.gridOf(images), dim]) as tf.Tensor4D];
  }

  /** Rows and columns of the map of pictures. */
  private gridOf({ shape: [, height, width] }: tf.Tensor4D): [number, number] {
    const [{ stride }] = this.stages as [MapStage];
    return [Math.max(1, Math.floor(height / stride + 1e-6)), Math.max(1, Math.floor(width / stride + 1e-6))];
  }

  /** The outputs that are wanted, of one call for each pictures. */
  private outputsOf(images: tf.Tensor4D): readonly tf.Tensor[] {
    const before = this.made.get(images);
    if (before?.every(({ isDisposed }) => !isDisposed) === true) return before;
    const { output, map, pictures, input, prefix } = this.parts;
    checkPictures(where, images.shape, pictures);
    const [batch] = images.shape;
    const shapeOf = (value: OnnxValue, dim: number): number[] => {
      const rank = value.isTensor ? value.shape.length : 0;
      if (rank === 2) return [batch, dim];
      const [rows, columns] = this.gridOf(images);
      if (rank === 3) return [batch, prefix + rows * columns, dim];
      return stored([batch, rows, columns, dim], pictures);
    };
    const specs = [
      { shape: shapeOf(output, this.featureDim), dtype: 'float32' as const },
      ...(map === undefined || map === output
        ? []
        : [{ shape: shapeOf(map, this.stages[0]!.channels), dtype: 'float32' as const }]),
    ];
    const own = pictures.layout === 'NCHW' ? tf.transpose(images, [0, 3, 1, 2]) : images;
    const outputs = hostCall([stopGradient(own)], specs, ([x]) => run(this.parts, x as NdArray<Float32Array>), {
      name: `the ONNX file's ${input.name}`,
      channel: this.parts.graph,
    });
    this.made.set(images, outputs);
    return outputs;
  }
}

/** The values that the options choose. */
function valuesOf(
  { inputs, outputs }: OnnxGraph,
  options: OnnxEncoderOptions,
): { readonly input: OnnxValue; readonly output: OnnxValue; readonly map: OnnxValue | undefined } {
  const rankOf = (value: OnnxValue): number => (value.isTensor ? value.shape.length : 0);
  const isFloat = (value: OnnxValue): boolean => value.isTensor && value.type === 'float32';
  const input = chosenValue(where, 'input', options.input, {
    values: inputs,
    fits: (value) => (isFloat(value) || (value.isTensor && value.type === 'uint8')) && rankOf(value) === 4,
    expected: 'pictures, float32 or uint8 of rank 4',
  });
  if (inputs.length > 1)
    throw new InvalidOptionError(where, 'source', 'a file whose only input is pictures', describeValues(inputs));
  const features = outputs.filter((value) => isFloat(value) && rankOf(value) === 2);
  const output = chosenValue(
    where,
    'output',
    options.output ?? (features.length === 1 ? features[0]!.name : undefined),
    {
      values: outputs,
      fits: (value) => isFloat(value) && rankOf(value) >= 2 && rankOf(value) <= 4,
      expected: 'float32 of rank 2, 3 or 4',
    },
  );
  const isMap = (value: OnnxValue): boolean => isFloat(value) && (rankOf(value) === 3 || rankOf(value) === 4);
  const maps = outputs.filter(isMap);
  const wanted = options.mapOutput ?? (isMap(output) ? output.name : maps.length === 1 ? maps[0]!.name : undefined);
  if (wanted === undefined) return { input, output, map: undefined };
  const choice = { values: outputs, fits: isMap, expected: 'float32 of rank 3 or 4' };
  return { input, output, map: chosenValue(where, 'mapOutput', wanted, choice) };
}

/** A shape of pictures or a map as the file has it. */
const stored = ([batch, height, width, channels]: readonly number[], { layout }: PictureLayout): number[] =>
  layout === 'NCHW' ? [batch!, channels!, height!, width!] : [batch!, height!, width!, channels!];

/** Shape of the features of an output. */
function pooledShape(value: OnnxValue, shape: readonly number[], { pictures }: Parts): number[] {
  if (shape.length < 2 || shape.length > 4 || shape.some((axis) => axis < 1))
    throw new ShapeError(where, `output ${describeValue(value)}`, 'of rank 2, 3 or 4', `[${shape.join(', ')}]`);
  return [shape[0]!, shape.length === 4 && pictures.layout === 'NCHW' ? shape[1]! : shape.at(-1)!];
}

/** Stride and channels of a map, from its shape for pictures of a known size. */
function stageOf(value: OnnxValue, shape: readonly number[], parts: Parts, images: readonly number[]): MapStage {
  const channels = pooledShape(value, shape, parts)[1]!;
  const [, height, width] = images as [number, number, number];
  if (shape.length === 4) {
    const rows = parts.pictures.layout === 'NCHW' ? shape[2]! : shape[1]!;
    return { stride: height / rows, channels };
  }
  const places = shape[1]! - parts.prefix;
  const stride = Math.sqrt((height * width) / places);
  if (!(places > 0 && Math.round(height / stride) * Math.round(width / stride) === places))
    throw new InvalidOptionError(
      where,
      'prefix',
      `so many that the ${shape[1]!} tokens of ${describeValue(value)} less it are a grid of squares`,
      parts.prefix,
    );
  return { stride, channels };
}

/** The outputs of pictures as the file has them, in parts of its batch where that is fixed. */
async function run(parts: Parts, pictures: NdArray<Float32Array>): Promise<NdArray<Float32Array>[]> {
  const { graph, input, output, map, pictures: layout } = parts;
  const names = map === undefined || map === output ? [output.name] : [output.name, map.name];
  const [count, ...rest] = pictures.shape as [number, ...number[]];
  const size = pictures.data.length / count;
  const rows = layout.batch ?? count;
  const type = isBytes(input) ? 'uint8' : 'float32';
  const results: NdArray<Float32Array>[][] = [];
  for (let start = 0; start < count; start += rows) {
    const part = pictures.data.subarray(start * size, Math.min(count, start + rows) * size);
    const whole = type === 'uint8' ? Uint8Array.from(part, pixel) : part;
    // What a last part lacks is black.
    const data = whole.length === rows * size ? whole : padded(whole, rows * size);
    results.push(await graph.run(input.name, { type, data, shape: [rows, ...rest] }, names));
  }
  return names.map((name, at) => {
    const all = results.map((result) => result[at]!);
    const [first] = all as [NdArray<Float32Array>];
    if (first.shape[0] !== rows)
      throw new DataError(`output '${name}' has ${first.shape[0] ?? 'no'} rows for ${rows} pictures`);
    if (all.length === 1 && rows === count) return first;
    const each = first.data.length / rows;
    const data = new Float32Array(count * each);
    all.forEach((one, part) =>
      data.set(one.data.subarray(0, Math.min(rows, count - part * rows) * each), part * rows * each),
    );
    return { data, shape: [count, ...first.shape.slice(1)] };
  });
}

const isBytes = (value: OnnxValue): boolean => value.isTensor && value.type === 'uint8';
const pixel = (value: number): number => Math.min(255, Math.max(0, Math.round(value)));

function padded<T extends Uint8Array | Float32Array>(values: T, length: number): T {
  const all = new (values.constructor as new (length: number) => T)(length);
  all.set(values);
  return all;
}
