import { DataError, foldIn, ndArray, type NdArray, type RandomKey, RandomStream, SslError } from 'ssl-tensor/host';
import type { Dataset, ImageSample } from '../dataset/dataset.js';
import type { Image } from '../image/image.js';
import type { View } from '../views/view.js';

/** What to do about a sample that cannot be read. */
export type OnError = 'fail' | 'skip';

/** One batch to build. */
export interface BatchTask {
  /** Numbers of the samples, `[batch]`. */
  readonly indices: Int32Array;
  /** Key of the epoch; a view's numbers come from (this key, sample, view). */
  readonly epochKey: RandomKey;
}

/** A sample that was left out. */
export interface SkippedSample {
  readonly index: number;
  readonly reason: string;
}

export interface BuiltBatch {
  /** One array per view, `[batch, h, w, c]`; the images themselves when there are no views. */
  readonly images: readonly NdArray<Uint8Array>[];
  readonly index: NdArray<Int32Array>;
  readonly labels: NdArray<Int32Array> | undefined;
  readonly skipped: readonly SkippedSample[];
}

const maxReplacements = 16;
/** Samples of a batch that are decoded at the same time. */
const lanes = 4;

/** Builds batches from a data set and views, the same in any thread. */
export class BatchBuilder {
  readonly #dataset: Dataset<ImageSample>;
  readonly #views: readonly View[] | undefined;
  readonly #onError: OnError;

  constructor(dataset: Dataset<ImageSample>, views: readonly View[] | undefined, onError: OnError) {
    this.#dataset = dataset;
    this.#views = views;
    this.#onError = onError;
  }

  /** @throws DataError naming the sample that could not be read or augmented */
  async build(task: BatchTask): Promise<BuiltBatch> {
    const draft = new Draft(task, this.#views);
    const { indices } = task;
    let next = 0;
    const lane = async (): Promise<void> => {
      while (next < indices.length) {
        const slot = next++;
        const sample = this.#read(indices[slot]!);
        if (!(sample instanceof Promise)) {
          draft.place(slot, indices[slot]!, sample);
          continue;
        }
        try {
          draft.place(slot, indices[slot]!, await sample);
        } catch (error) {
          if (this.#onError === 'fail' || !isUnreadable(error)) throw error;
          await this.#replace(draft, slot, error);
        }
      }
    };
    // Lanes end before an error leaves, so that no decoding goes on behind the caller's back.
    const results = await Promise.allSettled(Array.from({ length: lanes }, lane));
    for (const result of results) if (result.status === 'rejected') throw result.reason;
    return draft.finish();
  }

  /** The sample itself when the data set is synchronous: in-memory data sets then cost no promise per sample. */
  #read(index: number): ImageSample | Promise<ImageSample> {
    try {
      const sample = this.#dataset.get(index);
      return sample instanceof Promise
        ? sample.catch((error: unknown) => Promise.reject(unreadable(index, error)))
        : sample;
    } catch (error) {
      return Promise.reject(unreadable(index, error));
    }
  }

  /** Puts another sample, drawn from the epoch's key and the bad sample's number, in the slot of a bad one. */
  async #replace(draft: Draft, slot: number, reason: DataError): Promise<void> {
    const { indices, epochKey } = draft.task;
    const random = new RandomStream(foldIn(foldIn(epochKey, indices[slot]!), 'replacement'));
    draft.skipped.push({ index: indices[slot]!, reason: reason.message });
    for (let attempt = 0; attempt < maxReplacements; attempt++) {
      const candidate = random.integer(this.#dataset.length);
      try {
        draft.place(slot, candidate, await this.#read(candidate));
        return;
      } catch (error) {
        if (!isUnreadable(error)) throw error;
        draft.skipped.push({ index: candidate, reason: error.message });
      }
    }
    throw new DataError(
      `${maxReplacements} replacements in a row could not be read either; check the data set. First failure: ${reason.message}`,
      { cause: reason },
    );
  }
}

const unreadableErrors = new WeakSet<object>();

function unreadable(index: number, error: unknown): DataError {
  const wrapped = sampleError(index, error);
  unreadableErrors.add(wrapped);
  return wrapped;
}

function isUnreadable(error: unknown): error is DataError {
  return typeof error === 'object' && error !== null && unreadableErrors.has(error);
}

function sampleError(index: number, cause: unknown): DataError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  if (!DataError.isInstance(cause))
    return new DataError(`sample ${index}: ${SslError.isInstance(cause) ? '' : 'data set or view threw: '}${reason}`, {
      cause,
    });
  const { path, offset } = cause;
  const message = path !== undefined && reason.startsWith(`${path}: `) ? reason.slice(path.length + 2) : reason;
  return new DataError(`sample ${index}: ${message}`, {
    cause,
    ...(path === undefined ? {} : { path }),
    ...(offset === undefined ? {} : { offset }),
  });
}

/** A batch while it is filled. */
class Draft {
  readonly task: BatchTask;
  readonly skipped: SkippedSample[] = [];
  readonly #views: readonly View[] | undefined;
  readonly #outputs: (NdArray<Uint8Array> | undefined)[];
  readonly #index: Int32Array;
  #labels: Int32Array | undefined;
  #placed = 0;

  constructor(task: BatchTask, views: readonly View[] | undefined) {
    this.task = task;
    this.#views = views;
    this.#outputs = Array.from({ length: views?.length ?? 1 }, () => undefined);
    this.#index = new Int32Array(task.indices.length);
  }

  /** Augments a sample with the numbers of the slot's own sample and copies it in. */
  place(slot: number, index: number, sample: ImageSample): void {
    try {
      if (this.#views === undefined) this.#copy(0, slot, sample.image);
      else {
        const key = foldIn(this.task.epochKey, this.task.indices[slot]!);
        for (let v = 0; v < this.#views.length; v++)
          this.#copy(v, slot, this.#views[v]!(sample.image, new RandomStream(foldIn(key, v))));
      }
      this.#label(slot, sample.label);
    } catch (error) {
      throw sampleError(index, error);
    }
    this.#index[slot] = index;
  }

  #copy(view: number, slot: number, image: Image): void {
    const { data, shape } = image;
    let output = this.#outputs[view];
    if (output === undefined) {
      output = ndArray(new Uint8Array(this.#index.length * data.length), [this.#index.length, ...shape]);
      this.#outputs[view] = output;
    }
    const expected = output.shape;
    if (shape.length !== 3 || shape[0] !== expected[1] || shape[1] !== expected[2] || shape[2] !== expected[3]) {
      throw new DataError(
        `image is [${shape.join(', ')}], others of its batch are [${expected.slice(1).join(', ')}]; add a view of fixed size (resize, randomResizedCrop), or the data set's resize option`,
      );
    }
    output.data.set(data, slot * data.length);
  }

  #label(slot: number, label: number | undefined): void {
    if (this.#placed++ > 0 && (label === undefined) !== (this.#labels === undefined))
      throw new DataError('only some samples have a label; give all samples one or none');
    if (label === undefined) return;
    this.#labels ??= new Int32Array(this.#index.length);
    this.#labels[slot] = label;
  }

  finish(): BuiltBatch {
    const batch = [this.#index.length];
    return {
      images: this.#outputs.filter((output) => output !== undefined),
      index: ndArray(this.#index, batch),
      labels: this.#labels === undefined ? undefined : ndArray(this.#labels, batch),
      skipped: this.skipped,
    };
  }
}
