import { CheckpointError } from '@selfsup/ssl-tensor/host';

/** Where a safetensors file says what it is, and who wrote it. */
export interface DescriptionPlace {
  /** Entry of the file's metadata. */
  readonly entry: string;
  /** Newest form that the caller reads: an integer. */
  readonly format: number;
  /** Package to update for a newer form. */
  readonly package: string;
  /** What to do with a file that does not describe itself, and who writes those that do. */
  readonly advice: string;
}

/**
 * What a file says of itself: JSON with its form as `format`, in one entry of its metadata.
 *
 * @param metadata of the file
 * @param path of the file, for errors
 * @param wrongEntry name of an entry that is not as it should be, of what a stranger may have written; undefined where all
 *   are
 * @throws CheckpointError for a file without a description, with one of a newer form, or with one that is damaged
 */
export function readDescription<T>(
  metadata: Readonly<Record<string, string>>,
  path: string,
  { entry, format, package: name, advice }: DescriptionPlace,
  wrongEntry: (value: Readonly<Record<string, unknown>>) => string | undefined,
): T {
  const text = metadata[entry];
  if (text === undefined)
    throw new CheckpointError(`does not describe itself: its metadata have no '${entry}', ${advice}`, { path });
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new CheckpointError(`has a damaged description: ${(cause as Error).message}`, { path, cause });
  }
  const form = isJsonRecord(value) ? value['format'] : undefined;
  if (typeof form === 'number' && form > format)
    throw new CheckpointError(
      `was written by a newer version: its description has form ${form}, this version reads ${format}. Update ${name}`,
      { path },
    );
  const wrong = !isJsonRecord(value) ? 'the whole' : form !== format ? 'format' : wrongEntry(value);
  if (wrong !== undefined)
    throw new CheckpointError(`has a damaged description: ${wrong} is not as it should be`, { path });
  return value as T;
}

/** Whether a value of JSON is an object that is no list. */
export const isJsonRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
