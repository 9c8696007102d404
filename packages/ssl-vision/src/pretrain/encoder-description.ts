import { CheckpointError } from '@selfsup/ssl-core';
import type { JsonValue, RunConfig } from '@selfsup/ssl-train';
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

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const isCount = (value: unknown): boolean => Number.isSafeInteger(value) && (value as number) > 0;
const isNumbers = (value: unknown, count: unknown): boolean =>
  Array.isArray(value) && value.length === count && value.every((entry) => typeof entry === 'number');

/**
 * Reads a description.
 *
 * @param metadata of the file
 * @throws CheckpointError for a file without one, of a newer form, or with one that is damaged
 */
export function readDescription(metadata: Readonly<Record<string, string>>, path: string): EncoderDescription {
  const text = metadata[descriptionEntry];
  if (text === undefined)
    throw new CheckpointError(
      `does not describe itself: its metadata have no '${descriptionEntry}', which pretrain writes. Build its model by hand and load it with loadSafetensors`,
      { path },
    );
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new CheckpointError(`has a damaged description: ${(cause as Error).message}`, { path, cause });
  }
  const format = isRecord(value) ? value['format'] : undefined;
  if (typeof format === 'number' && format > descriptionFormat)
    throw new CheckpointError(
      `was written by a newer version: its description has form ${format}, this version reads ${descriptionFormat}. Update @selfsup/ssl-vision`,
      { path },
    );
  const wrong = isRecord(value) ? wrongEntry(value) : 'the whole';
  if (wrong !== undefined)
    throw new CheckpointError(`has a damaged description: ${wrong} is not as it should be`, { path });
  return value as EncoderDescription;
}

function wrongEntry(value: Readonly<Record<string, unknown>>): string | undefined {
  const { format, encoder, normalize, method, channels } = value;
  const checks: Readonly<Record<string, boolean>> = {
    format: format === descriptionFormat,
    encoder: isRecord(encoder) && typeof encoder['builder'] === 'string' && isRecord(encoder['options']),
    featureDim: isCount(value['featureDim']),
    imageSize: isCount(value['imageSize']),
    channels: isCount(channels),
    normalize: isRecord(normalize) && ['mean', 'std'].every((name) => isNumbers(normalize[name], channels)),
    method: isRecord(method) && typeof method['name'] === 'string' && isRecord(method['settings']),
    views: Array.isArray(value['views']),
    training: isRecord(value['training']),
    versions: isRecord(value['versions']),
  };
  return Object.keys(checks).find((name) => !checks[name]);
}
