import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { CheckpointError, DataError, InvalidOptionError, isNdArray, type NdArray, SslError } from '@selfsup/ssl-core';
import { checkPath, isFolder } from '@selfsup/ssl-core/files';
import {
  DataLoader,
  type Dataset,
  evaluationViews,
  ImageArrayDataset,
  ImageFolderDataset,
  type ImageSample,
} from '@selfsup/ssl-data';
import { type Encoder, loadSafetensors } from '@selfsup/ssl-nn';
import { compile, exportOnnx, randomKey } from '@selfsup/ssl-tensor';
import { normalizeImages } from '../images/normalize-images.js';
import { buildEncoder } from './encoder-architecture.js';
import { descriptionEntry, type EncoderDescription, readEncoderDescription } from './encoder-description.js';

/** Name of the encoder's file in a folder of `pretrain`. */
export const encoderFile = 'encoder.safetensors';

/** Pictures: a folder, a data set, or `uint8 [n, height, width, channels]`. */
export type Pictures = string | Dataset<ImageSample> | NdArray<Uint8Array>;

/** Pictures that are computed at once. */
const batchSize = 32;

/** An encoder with all that its file says of it. */
export class LoadedEncoder {
  readonly encoder: Encoder;
  readonly description: EncoderDescription;

  constructor(encoder: Encoder, description: EncoderDescription) {
    this.encoder = encoder;
    this.description = description;
  }

  /**
   * Features of pictures of any size: the shorter side is brought to the encoder's picture size, its middle is cut out.
   *
   * @returns float32 `[n, featureDim]`, in the order of the data; a folder's is that of its sorted paths
   * @throws DataError for pictures that cannot be read; InvalidOptionError for what holds no pictures; ShapeError for
   *   another number of channels
   */
  async embed(data: Pictures): Promise<NdArray<Float32Array>> {
    const { normalize, imageSize, featureDim } = this.description;
    const dataset = await openPictures('LoadedEncoder.embed', data);
    const rows = Math.min(batchSize, dataset.length);
    const views = evaluationViews({ size: imageSize, resize: imageSize });
    const loader = new DataLoader({ dataset, views, batchSize: rows, shuffle: false, dropLast: false });
    const forward = compile((images: tf.Tensor) => this.encoder.forward(normalizeImages(images, normalize)), {
      name: 'embed',
    });
    const features = new Float32Array(dataset.length * featureDim);
    let done = 0;
    try {
      for await (const batch of loader.epoch(0)) {
        const { data: pixels, shape } = batch.views[0]!;
        const count = shape[0]!;
        // One size, one trace: what the last batch lacks is black.
        const padded = new Uint8Array((pixels.length / count) * rows);
        padded.set(pixels as Uint8Array);
        const output = await forward({ data: padded, shape: [rows, ...shape.slice(1)] });
        features.set((await output.data()).subarray(0, count * featureDim), done * featureDim);
        output.dispose();
        done += count;
      }
    } finally {
      forward.dispose();
      await loader.close();
    }
    return { data: features, shape: [done, featureDim] };
  }

  /**
   * Writes the encoder as an ONNX file: `images` uint8 `[batch, size, size, channels]` in, `features` out, with the
   * normalisation inside.
   *
   * @throws as exportOnnx of @selfsup/ssl-tensor
   */
  async exportOnnx(path: string): Promise<void> {
    checkPath('LoadedEncoder.exportOnnx', 'path', path);
    const { imageSize, channels, normalize } = this.description;
    const images = tf.zeros([1, imageSize, imageSize, channels]);
    try {
      await exportOnnx(this.encoder, [images], {
        path,
        inputNames: ['images'],
        outputNames: ['features'],
        normalize,
        name: 'encoder',
        metadata: { [descriptionEntry]: JSON.stringify(this.description) },
      });
    } finally {
      images.dispose();
    }
  }
}

/**
 * The data set behind what was given.
 *
 * @param classes of the folder's pictures: theirs by folders, or none
 */
export async function openPictures(
  where: string,
  data: Pictures,
  classes: 'none' | 'folders' = 'none',
): Promise<Dataset<ImageSample>> {
  if (typeof data === 'string') {
    checkPath(where, 'data', data);
    return ImageFolderDataset.open(data, classes === 'none' ? { labels: 'none' } : {});
  }
  if (isNdArray(data)) return new ImageArrayDataset(data as NdArray<Uint8Array>);
  const given = data as Partial<Dataset<ImageSample>> | null | undefined;
  if (typeof given?.get === 'function' && typeof given.length === 'number') return data;
  throw new InvalidOptionError(where, 'data', 'a folder of pictures, a data set or an array of pictures', data);
}

/**
 * An encoder that `pretrain` has written, built from what its file says and nothing else.
 *
 * @param path the file, or the folder with its `encoder.safetensors`
 * @throws CheckpointError for a file that is missing, damaged, of another origin or of a newer version
 *
 * @example
 * const encoder = await loadEncoder('runs/photos');
 * const features = await encoder.embed('new-photos');
 */
export async function loadEncoder(path: string): Promise<LoadedEncoder> {
  checkPath('loadEncoder', 'path', path);
  const file = (await isFolder(path)) ? join(path, encoderFile) : path;
  const { tensors, metadata } = await loadSafetensors(file);
  const description = readEncoderDescription(metadata, file);
  try {
    const encoder = buildEncoder(description.encoder, randomKey(0));
    encoder.loadStateDict(tensors);
    if (encoder.featureDim !== description.featureDim)
      throw new CheckpointError(`says featureDim ${description.featureDim}, its encoder has ${encoder.featureDim}`);
    return new LoadedEncoder(encoder, description);
  } catch (cause) {
    if (!SslError.isInstance(cause) || DataError.isInstance(cause)) throw cause;
    throw new CheckpointError(cause.message, { path: file, cause });
  }
}
