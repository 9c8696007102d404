import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { checkPath, describeFileError, FolderLock, makeFolder } from '@selfsup/ssl-core/files';
import { checkCount, checkOptions, DataError, InvalidOptionError, type NdArray } from '@selfsup/ssl-tensor/host';
import type { JsonValue } from '../../../checkpoint/run-config.js';
import type { RunInfo } from '../../trainer-observer.js';
import type { RunLogger } from '../run-logger.js';
import { histogramEvent, imageEvent, scalarsEvent, startEvent, textEvent, versionEvent } from './event.js';
import { EventFile } from './event-file.js';
import { histogramOf } from './histogram.js';
import { pngSize } from './png-size.js';
import {
  embeddingsOptionNames,
  type EmbeddingsOptions,
  type SavedEmbeddings,
  writeEmbeddings,
  writeProjectorConfig,
} from './projector.js';

const where = 'TensorBoardLog';

/**
 * Event files that TensorBoard shows, made by {@link tensorBoardLog}. Before `open` and after `close` its methods do
 * nothing.
 */
export class TensorBoardLog implements RunLogger {
  readonly name: string;
  readonly dir: string;
  #file: EventFile | undefined;
  #lock: FolderLock | undefined;
  #embeddings: readonly SavedEmbeddings[] = [];
  #restored: readonly SavedEmbeddings[] = [];
  #work: Promise<void> = Promise.resolve();

  constructor(dir: string) {
    checkPath('tensorBoardLog', 'dir', dir);
    this.dir = dir;
    this.name = `tensorBoardLog ${dir}`;
  }

  /** @throws DataError when the folder cannot be written to, or another run writes there */
  async open(info: RunInfo, tell: (text: string) => void): Promise<void> {
    try {
      await makeFolder(this.dir);
    } catch (cause) {
      throw new DataError(`the log cannot be opened: ${describeFileError(cause)}`, { path: this.dir, cause });
    }
    this.#lock = await FolderLock.acquire(this.dir, {
      purpose: 'training',
      name: '.tensorboard-log.lock',
      onWait: () => tell(`${this.dir}: waiting up to 30 s to see whether the run that holds it still lives`),
    });
    const { startStep } = info;
    this.#embeddings = startStep === 0 ? [] : this.#restored.filter(({ step }) => step <= startStep);
    if (this.#embeddings.length > 0 || existsSync(join(this.dir, 'projector_config.pbtxt')))
      await writeProjectorConfig(this.dir, this.#embeddings);
    this.#file = new EventFile(this.dir);
    this.#file.write(versionEvent());
    this.#file.write(startEvent(startStep === 0 ? 0 : startStep + 1));
    this.text(startStep, 'run', describeRun(info));
  }

  /** Kept as numbers of 32 bits; NaN and infinite ones, too. */
  scalars(step: number, values: Readonly<Record<string, number>>): void {
    this.#check('scalars', step, ...Object.keys(values));
    this.#file?.write(scalarsEvent(step, values));
  }

  /** Of the values that are finite; how many are not, if any, is the number `<name>/nonFinite`. */
  histogram(step: number, name: string, values: ArrayLike<number>): void {
    this.#check('histogram', step, name);
    const isValues =
      typeof values === 'object' &&
      values !== null &&
      (values.length === 0 || (values.length > 0 && typeof values[0] === 'number'));
    if (!isValues) {
      const advice = 'Of a tensor they are await tensor.data()';
      throw new InvalidOptionError(`${where}.histogram`, 'values', 'an array of numbers', values, advice);
    }
    const histogram = histogramOf(values);
    if (histogram !== undefined) this.#file?.write(histogramEvent(step, name, histogram));
    const nonFinite = histogram?.nonFinite ?? values.length;
    if (nonFinite > 0) this.scalars(step, { [`${name}/nonFinite`]: nonFinite });
  }

  image(step: number, name: string, png: Uint8Array): void {
    this.#check('image', step, name);
    this.#file?.write(imageEvent(step, name, png, pngSize(`${where}.image`, png)));
  }

  /** @param text Markdown */
  text(step: number, name: string, text: string): void {
    this.#check('text', step, name);
    this.#file?.write(textEvent(step, name, text));
  }

  /**
   * Vectors for the projector: `tensors.tsv` and `metadata.tsv` below `projector/<name>/<step>`, listed in
   * `projector_config.pbtxt`.
   *
   * @param vectors `[count, dim]`
   * @throws ShapeError for other shapes, and for metadata of another count; DataError when they cannot be written
   */
  embeddings(step: number, name: string, vectors: NdArray, options: EmbeddingsOptions = {}): Promise<void> {
    this.#check('embeddings', step, name);
    const { metadata } = checkOptions('TensorBoardLog.embeddings', options, embeddingsOptionNames);
    const done = this.#work.then(async () => {
      if (this.#file === undefined) return;
      const saved = await writeEmbeddings(this.dir, step, name, vectors, metadata);
      const others = this.#embeddings.filter((old) => old.step !== step || old.name !== name);
      this.#embeddings = [...others, saved];
      await writeProjectorConfig(this.dir, this.#embeddings);
    });
    this.#work = done.catch(() => undefined);
    return done;
  }

  async flush(): Promise<void> {
    await this.#work;
    this.#file?.flush();
  }

  async close(): Promise<void> {
    await this.#work;
    try {
      this.#file?.close();
    } finally {
      this.#file = undefined;
      await this.#lock?.release();
      this.#lock = undefined;
    }
  }

  /** The embeddings of the run so far: of the event files, TensorBoard itself drops what comes again. */
  state(): JsonValue {
    return this.#embeddings.map(({ step, name, hasMetadata }) => ({ step, name, hasMetadata }));
  }

  restore(state: JsonValue): void {
    const isList =
      Array.isArray(state) &&
      (state as readonly Partial<SavedEmbeddings>[]).every(
        (item) =>
          Number.isSafeInteger(item?.step) && typeof item.name === 'string' && typeof item.hasMetadata === 'boolean',
      );
    if (!isList) throw new DataError('is no list of embeddings');
    this.#restored = this.#embeddings = state as unknown as readonly SavedEmbeddings[];
  }

  #check(method: string, step: number, ...names: readonly unknown[]): void {
    checkCount(`${where}.${method}`, { step }, 0);
    for (const name of names)
      if (typeof name !== 'string' || name === '')
        throw new InvalidOptionError(`${where}.${method}`, 'name', 'a name', name);
  }
}

/**
 * A logger of event files for TensorBoard: `tensorboard --logdir <dir>`. Numbers of the run, its settings and notes; and,
 * by calls of yours, histograms, pictures and embeddings.
 *
 * Each part of a run writes a file of its own. That of a resumed run tells TensorBoard to drop what older files have of
 * later steps, that of a fresh run to drop all of it: run it in a folder of its own to keep both. One run writes to a
 * folder at a time.
 *
 * @param dir folder of this run, made where missing
 * @throws InvalidOptionError for what is no path
 *
 * @example
 * const board = tensorBoardLog('runs/a/board');
 * const observers = [logTo(board), { onEpochEnd: ({ step }) => board.histogram(step, 'head', weights) }];
 */
export function tensorBoardLog(dir: string): TensorBoardLog {
  return new TensorBoardLog(dir);
}

function describeRun({ method, seed, startStep, totalSteps, config, environment, from }: RunInfo): string {
  const settings = JSON.stringify({ method, seed, config, environment }, undefined, 2);
  const start =
    from === undefined
      ? `Steps 1 to ${totalSteps}.`
      : `Goes on after step ${startStep} of ${totalSteps}, from ${from}.`;
  // Indented, so that nothing in it ends the block.
  return `${start}\n\n${settings.replaceAll(/^/gm, '    ')}`;
}
