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
  /** Runs the model; outputs named in `into` are written there, the others are made. */
  run(
    feeds: Readonly<Record<string, EngineTensor>>,
    into: Readonly<Record<string, EngineTensor | null>>,
  ): Promise<Readonly<Record<string, EngineTensor>>>;
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
