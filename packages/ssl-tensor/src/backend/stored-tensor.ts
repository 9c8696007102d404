import type { DataType } from '@tensorflow/tfjs-core';
import { UnsupportedOpError } from '@selfsup/ssl-core';
import type { EngineTensor } from '../engine/engine.js';
import type { Value } from '../graph/value.js';
import { userLine } from '../compile/user-line.js';

/** Host arrays of TF.js data. */
export type HostValues = Float32Array | Int32Array | Uint8Array;

/**
 * What the backend knows of one TF.js data id. `values` is what TF.js's kernels read; it is absent while a trace runs
 * and fetched from the engine when the value lives there.
 */
export interface StoredTensor {
  readonly dtype: DataType;
  refCount: number;
  readonly values: HostValues;
  readonly complexTensorInfos?: unknown;
}

/** The result of a recorded op: known to the graph, not yet a number. */
export class SymbolicTensor implements StoredTensor {
  refCount = 1;

  constructor(
    readonly dtype: DataType,
    readonly value: Value,
  ) {}

  get values(): HostValues {
    throw new UnsupportedOpError(
      'reading a value',
      'is not possible while the step is being traced: the numbers do not exist yet',
      'Return the tensor from the compiled function and read it there, or use tf.where in place of a JavaScript condition',
      userLine(),
    );
  }
}

/** State that stays with the engine between runs: two buffers, swapped by each run that assigns it. */
export class ResidentTensor implements StoredTensor {
  #current: EngineTensor;
  #spare: EngineTensor | undefined;

  constructor(
    readonly dtype: DataType,
    current: EngineTensor,
    public refCount: number,
  ) {
    this.#current = current;
  }

  /** Buffer with the value. */
  get current(): EngineTensor {
    return this.#current;
  }

  /** Buffer that the next run writes, made at its first use. */
  spare(make: () => EngineTensor): EngineTensor {
    this.#spare ??= make();
    return this.#spare;
  }

  /** The run has written the spare buffer: it is the value now. */
  swap(): void {
    const written = this.#spare;
    if (written === undefined) return;
    this.#spare = this.#current;
    this.#current = written;
  }

  /** A copy: later runs write the buffers. */
  get values(): HostValues {
    return (this.#current.data as HostValues).slice() as HostValues;
  }
}
