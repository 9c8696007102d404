import {
  DataError,
  foldIn,
  ndArray,
  type NdArray,
  noLabel,
  printable,
  type RandomKey,
  RandomStream,
  SslError,
  withArticle,
} from '@selfsup/ssl-core';
import type { Dataset, ImageSample } from '../dataset/dataset.js';
import type { DecodeBudget } from '../image/decode-budget.js';
import { NewMemory, ReusedMemory, withMemory } from '../image/pixel-memory.js';
import type { Edges } from '../views/edges.js';
import type { LocatedImage } from '../views/located.js';
import { isDescribed, type View } from '../views/view.js';
import type { VolumeSample } from '../dataset/volume-folder-dataset.js';
import type { AnyView } from '../views/view-from-spec.js';
import { checkPixels, type Pixels } from './check-pixels.js';
import { sampleViewKey } from './view-keys.js';

/** What to do about a sample that cannot be read. */
export type OnError = 'fail' | 'skip';

/** One batch to build. */
export interface BatchTask {
  /** Numbers of the samples, `[batch]`. */
  readonly indices: Int32Array;
  /** How many times each of them came before in the epoch, `[batch]`. */
  readonly copies: Int32Array;
  /** Samples that take the places of unreadable ones, in this order; none with `fail`. */
  readonly spares: Int32Array;
  /** Key of the epoch; a view's numbers come from (this key, sample, copy, view). */
  readonly epochKey: RandomKey;
}

/** A sample that was left out. */
export interface SkippedSample {
  readonly index: number;
  readonly reason: string;
}

export interface BuiltBatch {
  /** One array per view, `[batch, ...]`; the images or volumes themselves when there are no views. */
  readonly arrays: readonly Pixels[];
  readonly index: NdArray<Int32Array>;
  readonly labels: NdArray<Int32Array> | undefined;
  /** One array per view, `[batch, 4]`; where all views are located. */
  readonly boxes: readonly NdArray<Float32Array>[] | undefined;
  readonly skipped: readonly SkippedSample[];
}

/** What the data sets of a loader deliver. */
export type LoaderSample = ImageSample | VolumeSample;

export interface BatchBuilderOptions {
  readonly onError: OnError;
  /** Seconds that one sample may take. */
  readonly sampleTimeout: number;
  /** Where decoded pictures count. Default: the thread's. */
  readonly decodeBudget?: DecodeBudget | undefined;
  /** Called after each sample. */
  readonly onProgress?: () => void;
}

/** Samples of a batch that are decoded at the same time. */
const lanes = 4;

/** Builds batches from a data set and views, the same in any thread. */
export class BatchBuilder {
  readonly #dataset: Dataset<LoaderSample>;
  readonly #views: readonly AnyView[] | undefined;
  readonly #options: BatchBuilderOptions;
  /** Views of one's own might keep the images that they see, so these get new memory each. */
  readonly #reusesMemory: boolean;
  readonly #memories: BatchMemory[] = [];
  readonly #fresh: NewMemory;

  constructor(dataset: Dataset<LoaderSample>, views: readonly AnyView[] | undefined, options: BatchBuilderOptions) {
    this.#dataset = dataset;
    this.#views = views;
    this.#options = options;
    this.#fresh = new NewMemory(options.decodeBudget);
    this.#reusesMemory = views?.every((view) => isDescribed(view as View)) ?? true;
  }

  /** @throws DataError naming the first sample of the batch that could not be read or augmented */
  async build(task: BatchTask): Promise<BuiltBatch> {
    const { onError, onProgress } = this.#options;
    // Batches may be built at the same time, each in memory of its own.
    const memory = this.#reusesMemory
      ? (this.#memories.pop() ?? new BatchMemory(this.#options.decodeBudget))
      : undefined;
    const draft = new Draft(task, this.#views, memory?.views);
    const { indices } = task;
    const unreadable = new Map<number, DataError>();
    const fatal = new Map<number, unknown>();
    let next = 0;
    const lane = async (sampleMemory: SampleMemory): Promise<void> => {
      while (next < indices.length) {
        const slot = next++;
        try {
          const placed = this.#place(draft, slot, indices[slot]!, sampleMemory);
          if (placed !== undefined) await placed;
        } catch (error) {
          if (onError === 'skip' && error instanceof Unreadable) unreadable.set(slot, error.reason);
          else {
            fatal.set(slot, error instanceof Unreadable ? error.reason : error);
            // Slots before this one have all begun, so the first failure is the same whichever came to light first.
            next = indices.length;
          }
        }
        const freed = sampleMemory.done();
        if (freed !== undefined) await freed;
        onProgress?.();
      }
    };
    // All lanes end before an error leaves, so that no decoding goes on behind the caller's back.
    await Promise.all(Array.from({ length: lanes }, (_, number) => lane(memory?.samples[number] ?? this.#fresh)));
    if (fatal.size > 0) throw fatal.get(Math.min(...fatal.keys()));
    if (unreadable.size > 0) await this.#replace(draft, unreadable, memory?.samples[0] ?? this.#fresh);
    // Not after an error: a sample that was given up may still be written.
    if (memory !== undefined) this.#memories.push(memory);
    return draft.finish();
  }

  /** Reads a sample into its slot; a promise only where the data set gives one. Nothing keeps the sample afterwards. */
  #place(draft: Draft, slot: number, index: number, memory: SampleMemory): Promise<void> | undefined {
    const sample = this.#read(index, memory);
    if (sample instanceof Promise) return sample.then((read) => draft.place(slot, index, read));
    draft.place(slot, index, sample);
    return undefined;
  }

  /**
   * The sample itself when the data set is synchronous: in-memory data sets then cost no promise per sample. Throws or
   * rejects with {@link Unreadable}; with {@link DataError} when it takes too long.
   */
  #read(index: number, memory: SampleMemory): LoaderSample | Promise<LoaderSample> {
    memory.reset();
    try {
      const sample = this.#dataset.get(index, memory);
      return sample instanceof Promise ? this.#inTime(sample, index) : sample;
    } catch (error) {
      throw new Unreadable(sampleError(index, error));
    }
  }

  #inTime(sample: Promise<LoaderSample>, index: number): Promise<LoaderSample> {
    const { sampleTimeout } = this.#options;
    return new Promise((resolve, reject) => {
      // Ends the epoch also with `skip`: what is slow depends on the machine's load, and so would the batches.
      const timer = Number.isFinite(sampleTimeout)
        ? setTimeout(
            () =>
              reject(
                new DataError(
                  `sample ${index}: not read within ${sampleTimeout} s; check the storage, or raise sampleTimeout`,
                ),
              ),
            sampleTimeout * 1000,
          )
        : undefined;
      sample
        .finally(() => clearTimeout(timer))
        .then(resolve, (error: unknown) => reject(new Unreadable(sampleError(index, error))));
    });
  }

  /** Fills the slots of unreadable samples with spares, one after the other, so that no timing decides which goes where. */
  async #replace(draft: Draft, unreadable: ReadonlyMap<number, DataError>, memory: SampleMemory): Promise<void> {
    const { indices, spares } = draft.task;
    const slots = [...unreadable.keys()].sort((a, b) => a - b);
    const reasons = new Map(slots.map((slot) => [indices[slot]!, unreadable.get(slot)!]));
    let next = 0;
    for (const slot of slots) {
      for (let placed = false; !placed;) {
        const spare = spares[next++];
        if (spare === undefined) {
          const reason = unreadable.get(slots[0]!)!;
          throw new DataError(
            `${reasons.size} samples that were drawn for one batch cannot be read; repair the data set. First failure: ${reason.message}`,
            { cause: reason },
          );
        }
        if (reasons.has(spare)) continue;
        try {
          await this.#place(draft, slot, spare, memory);
          placed = true;
        } catch (error) {
          if (!(error instanceof Unreadable)) throw error;
          reasons.set(spare, error.reason);
        }
        await memory.done();
        this.#options.onProgress?.();
      }
    }
    for (const [index, { message }] of reasons) draft.skipped.push({ index, reason: message });
  }
}

/** What a batch is built in: memory for each lane's sample, and for what the views make of one. */
class BatchMemory {
  readonly samples: readonly ReusedMemory[];
  readonly views = new ReusedMemory();

  constructor(budget: DecodeBudget | undefined) {
    this.samples = Array.from({ length: lanes }, () => new ReusedMemory(budget));
  }
}

type SampleMemory = ReusedMemory | NewMemory;

/**
 * Tells a sample that cannot be read or that a view refuses with a DataError, which `skip` is about, from a wrong view or
 * a mistake in the data set's layout.
 */
class Unreadable {
  readonly reason: DataError;

  constructor(reason: DataError) {
    this.reason = reason;
  }
}

function sampleError(index: number, cause: unknown): DataError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  if (!DataError.isInstance(cause))
    return new DataError(`sample ${index}: ${SslError.isInstance(cause) ? '' : 'data set or view threw: '}${reason}`, {
      cause,
    });
  const { path, offset } = cause;
  const prefix = path === undefined ? '' : `${printable(path)}: `;
  const message = reason.startsWith(prefix) ? reason.slice(prefix.length) : reason;
  return new DataError(`sample ${index}: ${message}`, {
    cause,
    ...(path === undefined ? {} : { path }),
    ...(offset === undefined ? {} : { offset }),
  });
}

function pixelsOf(sample: LoaderSample): Pixels {
  const { image, volume } = (sample ?? {}) as { readonly image?: unknown; readonly volume?: unknown };
  if (image === undefined && volume === undefined)
    throw new DataError('the data set gave neither an image nor a volume; get(index) returns { image } or { volume }');
  return checkPixels(volume ?? image, 'the data set');
}

/** A batch while it is filled. */
class Draft {
  readonly task: BatchTask;
  readonly skipped: SkippedSample[] = [];
  readonly #views: readonly AnyView[] | undefined;
  readonly #memory: ReusedMemory | undefined;
  readonly #outputs: (Pixels | undefined)[];
  readonly #index: Int32Array;
  readonly #boxes = new Map<number, Float32Array>();
  #labels: Int32Array | undefined;
  #placed = 0;

  /** @param memory for what views make before it is copied */
  constructor(task: BatchTask, views: readonly AnyView[] | undefined, memory: ReusedMemory | undefined) {
    this.task = task;
    this.#views = views;
    this.#memory = memory;
    this.#outputs = Array.from({ length: views?.length ?? 1 }, () => undefined);
    this.#index = new Int32Array(task.indices.length);
  }

  /** Augments a sample with the numbers of the slot's own sample and copies it in. */
  place(slot: number, index: number, sample: LoaderSample): void {
    try {
      const array = pixelsOf(sample);
      if (this.#views === undefined) this.#copy(0, slot, array);
      else {
        const copy = this.task.copies[slot]!;
        const key = sampleViewKey(this.task.epochKey, this.task.indices[slot]!, copy);
        this.#views.forEach((view, v) => {
          this.#memory?.reset();
          const random = new RandomStream(foldIn(key, v));
          const seen = checkPixels(this.#seen(view, array, random, index), `view ${v}`);
          this.#copy(v, slot, seen);
          this.#locate(v, slot, (seen as Partial<LocatedImage>).edges);
        });
      }
      this.#label(slot, sample.label);
    } catch (error) {
      throw error instanceof Unreadable ? error : sampleError(index, error);
    }
    this.#index[slot] = index;
  }

  /** What a view makes of a sample; throws {@link Unreadable} where it cannot be made of this one. */
  #seen(view: AnyView, array: Pixels, random: RandomStream, index: number): Pixels {
    try {
      return withMemory(this.#memory, () => view(array as never, random));
    } catch (error) {
      throw DataError.isInstance(error) ? new Unreadable(sampleError(index, error)) : error;
    }
  }

  #copy(view: number, slot: number, { data, shape }: Pixels): void {
    let output = this.#outputs[view];
    if (output === undefined) {
      const length = this.#index.length * data.length;
      const all = [this.#index.length, ...shape];
      output =
        data instanceof Uint8Array ? ndArray(new Uint8Array(length), all) : ndArray(new Float32Array(length), all);
      this.#outputs[view] = output;
    }
    const expected = output.shape;
    // A Buffer, which sharp gives, is bytes as well.
    if (data instanceof Uint8Array !== output.data instanceof Uint8Array)
      throw new DataError(
        `${this.#views === undefined ? 'the data set' : `view ${view}`} gave ${withArticle(data.constructor.name)}, others of its batch are ${output.data.constructor.name}s; give all samples one type`,
      );
    const isVolume = output.data instanceof Float32Array;
    if (shape.length !== (isVolume ? 4 : 3) || shape.some((side, axis) => side !== expected[axis + 1])) {
      const advice = isVolume
        ? 'a view of fixed size (randomVolumeCrop)'
        : "a view of fixed size (resize, randomResizedCrop), or the data set's resize option";
      throw new DataError(
        `${isVolume ? 'volume' : 'image'} is [${shape.join(', ')}], others of its batch are [${expected.slice(1).join(', ')}]; add ${advice}`,
      );
    }
    output.data.set(data, slot * data.length);
  }

  #locate(view: number, slot: number, edges: Edges | undefined): void {
    if (edges === undefined) return;
    let boxes = this.#boxes.get(view);
    if (boxes === undefined) this.#boxes.set(view, (boxes = new Float32Array(4 * this.#index.length)));
    boxes.set([edges.top, edges.left, edges.bottom, edges.right], 4 * slot);
  }

  #label(slot: number, label: number | undefined): void {
    if (this.#placed++ > 0 && (label === undefined) !== (this.#labels === undefined))
      throw new DataError('only some samples have a label; give those without one the label -1, or none to any');
    if (label === undefined) return;
    if (!(Number.isInteger(label) && label >= noLabel && label < 2 ** 31))
      throw new DataError(`the label is ${label}; classes are integers from 0 on, -1 = no label`);
    this.#labels ??= new Int32Array(this.#index.length);
    this.#labels[slot] = label;
  }

  finish(): BuiltBatch {
    const batch = [this.#index.length];
    const views = this.#views?.length ?? 0;
    if (this.#boxes.size > 0 && this.#boxes.size < views)
      throw new DataError(
        `${this.#boxes.size} of ${views} views are located, so that the others' places are not known; put located() around all of them or none`,
      );
    return {
      arrays: this.#outputs.filter((output) => output !== undefined),
      index: ndArray(this.#index, batch),
      labels: this.#labels === undefined ? undefined : ndArray(this.#labels, batch),
      boxes:
        this.#boxes.size === 0
          ? undefined
          : Array.from({ length: views }, (_, view) => ndArray(this.#boxes.get(view)!, [...batch, 4])),
      skipped: this.skipped,
    };
  }
}
