import type { Device } from '../graph/builder.js';
import type { HostData, Value, ValueType } from '../graph/value.js';

declare const engineMemory: unique symbol;

/** A tensor in the memory of an engine. What it holds is asked of the engine: nothing else may look into it. */
export interface EngineTensor {
  readonly [engineMemory]: never;
}

/** A model that is ready to run. */
export interface EngineSession {
  /** Computes the outputs that are named in `into` and writes them there. */
  run(feeds: Readonly<Record<string, EngineTensor>>, into: Readonly<Record<string, EngineTensor>>): Promise<void>;
  release(): Promise<void>;
}

/**
 * Where compiled graphs run, and the memory that they read and write. The seam for devices: everything above it is the same
 * on all of them (docs/decisions/011).
 */
export interface Engine {
  readonly device: Device;
  /** Engines whose memory is the same object take each other's tensors. */
  readonly memory: object;
  /** A tensor of host values. Where the host's memory is the engine's, it is the array itself: no copy is made. */
  upload(type: ValueType, data: HostData, shape: readonly number[]): EngineTensor;
  /** A tensor for a run to write. */
  allocate(type: ValueType, shape: readonly number[]): EngineTensor;
  /** The same memory in another shape of as many elements. Never freed by itself. */
  view(tensor: EngineTensor, shape: readonly number[]): EngineTensor;
  /**
   * The tensor's memory, without a copy, where the host reads it as it is; undefined where it has to be fetched by
   * {@link read}. The same answer for all tensors of an engine.
   */
  mapped(tensor: EngineTensor): HostData | undefined;
  /** A tensor's values, fetched: an array that nobody else has. */
  read(tensor: EngineTensor): Promise<HostData>;
  /** Gives memory back; no later run names the tensor or a view of it. */
  free(tensor: EngineTensor): void;
  load(model: Uint8Array, inputs: readonly Value[]): Promise<EngineSession>;
}
