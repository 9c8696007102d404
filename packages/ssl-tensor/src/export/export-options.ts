import type * as tf from '@tensorflow/tfjs-core';
import type { OptionNames } from '@selfsup/ssl-core';

/** What has weights with names and computes forward: a Module of @selfsup/ssl-nn, in inference. */
export interface ExportableModule {
  forward(...inputs: never[]): unknown;
  namedParameters(): ReadonlyMap<string, { readonly variable: tf.Variable }>;
  namedBuffers(): ReadonlyMap<string, { readonly variable: tf.Variable }>;
}

/** Normalisation of pixels inside the file: `(input / 255 - mean) / std` along the last axis. */
export interface ExportNormalization {
  /** On the scale 0 .. 1, one number or one for each channel. */
  readonly mean: number | readonly number[];
  readonly std: number | readonly number[];
  /** Name of the input, which then takes uint8. Default: the only one. */
  readonly input?: string;
}

export const exportNormalizationNames: OptionNames<ExportNormalization> = {
  mean: 'required',
  std: 'required',
  input: 'optional',
};

/** Options of {@link exportOnnx}. */
export interface ExportOnnxOptions {
  /** Where to write the file, too; its folder is there. */
  readonly path?: string;
  /** Names of the inputs, in the order in which they come. Default: the records' keys; `input`, `input1`, … */
  readonly inputNames?: readonly string[];
  /** Names of the results, likewise. Default: the records' keys; `output`, `output1`, … */
  readonly outputNames?: readonly string[];
  /** The first axis of the inputs may have any size in the file. Default true. */
  readonly dynamicBatch?: boolean;
  /** Name of that axis in the file. Default `batch`. */
  readonly batchName?: string;
  /**
   * Name of the second axis of the inputs, which in the file may then have any size up to the example's: zeros are put in
   * the places that lack, and of results with as many places as the example the first ones are given. For sequences with a
   * mask of their padding, of which such zeros are; the work is that of the whole length. Default: the axis is fixed.
   */
  readonly lengthName?: string;
  /** Names of inputs whose first axis is no batch. Scalars never have one. Default none. */
  readonly fixedInputs?: readonly string[];
  /** Names of int32 inputs that the file takes as int64, as tokenisers give ids. Default none. */
  readonly int64Inputs?: readonly string[];
  readonly normalize?: ExportNormalization;
  /** Modules whose weights a function reads: the file names them `<key>.<name>`, as their state dicts do. */
  readonly modules?: Readonly<Record<string, ExportableModule>>;
  /** Name of the graph in the file. Default `model`. */
  readonly name?: string;
  /** What a reader of the file should know. */
  readonly doc?: string;
  /** Further entries of the file: text by name. */
  readonly metadata?: Readonly<Record<string, string>>;
}

export const exportOnnxOptionNames: OptionNames<ExportOnnxOptions> = {
  path: 'optional',
  inputNames: 'optional',
  outputNames: 'optional',
  dynamicBatch: 'optionalFlag',
  batchName: 'optional',
  lengthName: 'optional',
  fixedInputs: 'optional',
  int64Inputs: 'optional',
  normalize: 'optional',
  modules: 'optional',
  name: 'optional',
  doc: 'optional',
  metadata: 'optional',
};
