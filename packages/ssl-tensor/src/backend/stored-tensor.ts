import type { DataType } from '@tensorflow/tfjs-core';
import { UnsupportedOpError } from '@selfsup/ssl-core';
import type { Engine, EngineTensor } from '../engine/engine.js';
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

/**
 * A value in an engine's memory. State has two buffers, swapped by each run that assigns it; a result that has not been
 * fetched has one.
 */
export class ResidentTensor implements StoredTensor {
  #current: EngineTensor;
  #spare: EngineTensor | undefined;
  /** The value on the host, where the engine's memory is not the host's and somebody has asked for it. */
  #fetched: HostValues | undefined;

  constructor(
    readonly dtype: DataType,
    readonly engine: Engine,
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
    this.#fetched = undefined;
  }

  /**
   * A copy: later runs write the buffers.
   *
   * @throws UnsupportedOpError where it lies on a device and has not been fetched since it was written
   */
  get values(): HostValues {
    const values = this.engine.mapped(this.#current) ?? this.#fetched;
    if (values === undefined)
      throw new UnsupportedOpError(
        'reading a value at once',
        `is not possible: it lies in the memory of device '${this.engine.device}'`,
        'Await it first: await tensor.data() for one, await fetched(variables) of @selfsup/ssl-tensor before stateDict() or dataSync()',
        userLine(),
      );
    return values.slice() as HostValues;
  }

  /** True when {@link values} can be read at once. */
  get isReadable(): boolean {
    return this.#fetched !== undefined || this.engine.mapped(this.#current) !== undefined;
  }

  /** Makes {@link values} readable; undefined where they are already. */
  fetch(): Promise<void> | undefined {
    if (this.isReadable) return undefined;
    const asked = this.#current;
    return this.engine.read(asked).then((values) => {
      // A run that ended meanwhile has left another value.
      if (asked === this.#current) this.#fetched = values as HostValues;
    });
  }

  /** Gives the buffers back. */
  free(): void {
    this.engine.free(this.#current);
    if (this.#spare !== undefined) this.engine.free(this.#spare);
  }
}
