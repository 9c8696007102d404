import { MathBackendCPU } from '@tensorflow/tfjs-backend-cpu';
import type { BackendValues, DataId } from '@tensorflow/tfjs-core';
import { ResidentTensor, type StoredTensor } from './stored-tensor.js';
import { withoutAdvice } from './tfjs-internals.js';

/** Name under which the backend is registered with TF.js. */
export const backendName = 'ssl';

/**
 * TF.js backend that holds host values like TF.js's own CPU backend, the symbols of a trace, and state that lives with
 * the engine. Outside a trace its kernels are those of TF.js's CPU backend.
 */
export class SslBackend extends MathBackendCPU {
  constructor() {
    super();
    withoutAdvice(this);
  }

  /** Values of the engine's memory are fetched where the host does not read it. */
  override async read(dataId: DataId): Promise<BackendValues> {
    const stored = this.entry(dataId);
    const pending = stored instanceof ResidentTensor ? stored.fetch() : undefined;
    if (pending !== undefined) await pending;
    return this.readSync(dataId);
  }

  override disposeData(dataId: DataId, force = false): boolean {
    const stored = this.holds(dataId) ? this.entry(dataId) : undefined;
    const isGone = super.disposeData(dataId, force);
    if (isGone && stored instanceof ResidentTensor) stored.free();
    return isGone;
  }

  /** The entry of a data id, moved here from another backend where it has to be. */
  entry(dataId: DataId): StoredTensor {
    return this.data.get(dataId) as unknown as StoredTensor;
  }

  /** True when this backend holds the data id already. */
  holds(dataId: DataId): boolean {
    return this.data.has(dataId);
  }

  /** Replaces what a data id stands for. */
  store(dataId: DataId, stored: StoredTensor): void {
    this.data.set(dataId, stored as never);
  }

  /** A new data id for an entry. */
  adopt(stored: StoredTensor): DataId {
    const dataId = super.write(undefined as unknown as BackendValues, [0], stored.dtype);
    this.store(dataId, stored);
    return dataId;
  }
}
