import type { Device } from '../graph/builder.js';
import type { HostData, Value, ValueType } from '../graph/value.js';

/** A tensor that the engine reads and writes in place. */
export interface EngineTensor {
  readonly type: string;
  readonly dims: readonly number[];
  readonly data: unknown;
}

/** A model that is ready to run. */
export interface EngineSession {
  /** Computes the outputs that are named in `into` and writes them there. */
  run(feeds: Readonly<Record<string, EngineTensor>>, into: Readonly<Record<string, EngineTensor>>): Promise<void>;
  release(): Promise<void>;
}

/** Where compiled graphs run. The seam for devices: everything above it is the same on all of them. */
export interface Engine {
  readonly device: Device;
  tensor(type: ValueType, data: HostData, shape: readonly number[]): EngineTensor;
  /** Array of the type that {@link tensor} takes. */
  allocate(type: ValueType, size: number): HostData;
  load(model: Uint8Array, inputs: readonly Value[]): Promise<EngineSession>;
}
