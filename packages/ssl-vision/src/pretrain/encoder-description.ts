import { isJsonRecord, type JsonValue, readDescription, type RunConfig } from '@selfsup/ssl-train';
import type { EncoderArchitecture } from './architecture.js';

/** Entry of a safetensors file's metadata. */
export const descriptionEntry = 'selfsup.encoder';
/** Version of its form. */
export const descriptionFormat = 1;

/** What an encoder's file says of itself. */
export interface EncoderDescription {
  readonly format: typeof descriptionFormat;
  readonly encoder: EncoderArchitecture;
  readonly featureDim: number;
  /** Side of the square pictures, pixels. */
  readonly imageSize: number;
  readonly channels: number;
  /** On the scale 0 .. 1, a number for each channel. */
  readonly normalize: { readonly mean: readonly number[]; readonly std: readonly number[] };
  readonly method: { readonly name: string; readonly settings: RunConfig };
  /** Recipes of the views. */
  readonly views: readonly JsonValue[];
  /** All settings of the run, and what came of it. */
  readonly training: RunConfig;
  /** By name: node, the runtime, this project's packages. */
  readonly versions: Readonly<Record<string, string>>;
}

const isCount = (value: unknown): boolean => Number.isSafeInteger(value) && (value as number) > 0;
const isNumbers = (value: unknown, count: unknown): boolean =>
  Array.isArray(value) && value.length === count && value.every((entry) => typeof entry === 'number');

/**
 * Reads a description.
 *
 * @param metadata of the file
 * @throws CheckpointError for a file without one, of a newer form, or with one that is damaged
 */
export function readEncoderDescription(metadata: Readonly<Record<string, string>>, path: string): EncoderDescription {
  const place = {
    entry: descriptionEntry,
    format: descriptionFormat,
    package: '@selfsup/ssl-vision',
    advice: 'which pretrain writes. Build its model by hand and load it with loadSafetensors',
  };
  return readDescription(metadata, path, place, wrongEntry);
}

function wrongEntry(value: Readonly<Record<string, unknown>>): string | undefined {
  const { encoder, normalize, method, channels } = value;
  const checks: Readonly<Record<string, boolean>> = {
    encoder: isJsonRecord(encoder) && typeof encoder['builder'] === 'string' && isJsonRecord(encoder['options']),
    featureDim: isCount(value['featureDim']),
    imageSize: isCount(value['imageSize']),
    channels: isCount(channels),
    normalize: isJsonRecord(normalize) && ['mean', 'std'].every((name) => isNumbers(normalize[name], channels)),
    method: isJsonRecord(method) && typeof method['name'] === 'string' && isJsonRecord(method['settings']),
    views: Array.isArray(value['views']),
    training: isJsonRecord(value['training']),
    versions: isJsonRecord(value['versions']),
  };
  return Object.keys(checks).find((name) => !checks[name]);
}
