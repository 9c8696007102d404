import { setImmediate } from 'node:timers/promises';
import { readTexts, type ReadTextsOptions } from '@selfsup/ssl-data/text';
import { InvalidOptionError, type OptionNames } from '@selfsup/ssl-tensor/host';

/** How far the training of a vocabulary is. */
export interface VocabularyProgress {
  /** Texts are counted, or the vocabulary is learnt of what was counted. */
  readonly stage: 'counting' | 'learning';
  /** Texts, or tokens of the vocabulary. */
  readonly done: number;
  /** Tokens that are wanted; undefined while texts are counted. */
  readonly total?: number;
}

/** Where a vocabulary is learnt from; one of `files` and `lines` is required, both are read if both are given. */
export interface TrainingTexts extends Omit<ReadTextsOptions, 'where' | 'option'> {
  /**
   * Files and folders of texts, and addresses of files on servers, as `readTexts` of @selfsup/ssl-data/text reads them: text
   * files, JSONL and Parquet. They are counted as they are read, not held.
   */
  readonly files?: readonly (string | URL)[];
  /** Texts, one sequence each. */
  readonly lines?: Iterable<string> | AsyncIterable<string>;
  /** Told now and then how far it is. */
  readonly onProgress?: (progress: VocabularyProgress) => void;
  /** Stops the training, which then rejects with the signal's reason. */
  readonly signal?: AbortSignal;
}

export const trainingTextsNames: OptionNames<TrainingTexts> = {
  files: 'optional',
  unit: 'optional',
  field: 'optional',
  encoding: 'optional',
  http: 'optional',
  maxLineBytes: 'optionalNumber',
  maxBytes: 'optionalNumber',
  lines: 'optional',
  onProgress: 'optionalFunction',
  signal: 'optional',
};

/** How files are read: those of the options that `readTexts` has too. */
const readingOf = (options: TrainingTexts): Omit<ReadTextsOptions, 'where' | 'option'> =>
  Object.fromEntries(
    (['unit', 'field', 'encoding', 'http', 'maxLineBytes', 'maxBytes'] as const).flatMap((name) =>
      options[name] === undefined ? [] : [[name, options[name]]],
    ),
  );

/** The first file, for messages; of an address what comes before its query. */
export function placeOfTexts({ files }: TrainingTexts): { readonly path?: string } {
  if (files?.[0] === undefined) return {};
  const path = String(files[0]);
  return { path: /^https?:/i.test(path) ? path.replace(/[?#].*$/s, '') : path };
}

/** Texts between two reports. */
const reportEvery = 10_000;
/** Longest work between two looks at the signal, ms. */
const patience = 50;

/**
 * Hands the texts on, one by one.
 *
 * @param where function that has the options
 * @throws InvalidOptionError for an option that is out of range, DataError for a file that cannot be read
 */
export async function readTrainingTexts(
  where: string,
  options: TrainingTexts,
  add: (text: string) => void,
): Promise<void> {
  const { files, lines, signal, onProgress } = options;
  if (files === undefined && lines === undefined)
    throw new InvalidOptionError(where, 'files', "given, or 'lines'", undefined);
  if (signal !== undefined && typeof (signal as AbortSignal | null)?.aborted !== 'boolean')
    throw new InvalidOptionError(where, 'signal', 'an AbortSignal (the signal of an AbortController)', signal);
  let count = 0;
  const counted = (text: string): void => {
    signal?.throwIfAborted();
    add(text);
    if (++count % reportEvery === 0) onProgress?.({ stage: 'counting', done: count });
  };
  signal?.throwIfAborted();
  if (files !== undefined && files.length > 0)
    await readTexts(files, { ...readingOf(options), where, option: 'files' }, counted);
  if (typeof lines === 'string')
    throw new InvalidOptionError(where, 'lines', 'an iterable of texts, such as [text]', 'one text');
  for await (const line of lines ?? []) {
    if (typeof line !== 'string') throw new InvalidOptionError(where, 'lines', 'texts', line);
    counted(line);
  }
  onProgress?.({ stage: 'counting', done: count });
  signal?.throwIfAborted();
}

/** Runs a learner, which yields how many tokens it has, and lets others have their turn. */
export async function learnInTurns<T>(
  learner: Generator<number, T>,
  total: number,
  { signal, onProgress }: Pick<TrainingTexts, 'signal' | 'onProgress'>,
): Promise<T> {
  let begun = performance.now();
  for (;;) {
    const step = learner.next();
    if (step.done === true) return step.value;
    if (performance.now() - begun < patience) continue;
    onProgress?.({ stage: 'learning', done: step.value, total });
    await setImmediate();
    signal?.throwIfAborted();
    begun = performance.now();
  }
}
