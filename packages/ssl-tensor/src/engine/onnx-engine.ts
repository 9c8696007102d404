import { availableParallelism } from 'node:os';
import * as ort from 'onnxruntime-node';
import type { Device } from '../graph/builder.js';
import { filledData } from '../graph/graph.js';
import type { HostData, Value, ValueType } from '../graph/value.js';
import type { Engine, EngineSession, EngineTensor } from './engine.js';

/** Settings of the ONNX Runtime engine. */
export interface OnnxEngineOptions {
  readonly device: Device;
  /** Threads inside an operator. Default: all available cores. */
  readonly threads: number;
  /** File prefix of profiles; none are written without it. */
  readonly profile: string;
}

/** Runs graphs on ONNX Runtime. */
export class OnnxEngine implements Engine {
  readonly device: Device;
  readonly #threads: number;
  readonly #profile: string | undefined;

  constructor({ device, threads = availableParallelism(), profile }: Partial<OnnxEngineOptions> = {}) {
    this.device = device ?? 'cpu';
    this.#threads = threads;
    this.#profile = profile;
  }

  tensor(type: ValueType, data: HostData, shape: readonly number[]): EngineTensor {
    return new ort.Tensor(type as ort.Tensor.Type, data as never, [...shape]) as unknown as EngineTensor;
  }

  allocate(type: ValueType, size: number): HostData {
    return filledData(type, size, 0);
  }

  async load(model: Uint8Array, _inputs: readonly Value[]): Promise<EngineSession> {
    const session = await ort.InferenceSession.create(model, {
      executionProviders: [this.device],
      intraOpNumThreads: this.#threads,
      interOpNumThreads: 1,
      executionMode: 'sequential',
      graphOptimizationLevel: 'all',
      // A pattern is one block for all values of a run, beside the blocks of the run that found it: more memory, no faster.
      enableMemPattern: false,
      logSeverityLevel: 3,
      enableProfiling: this.#profile !== undefined,
      ...(this.#profile === undefined ? {} : { profileFilePrefix: this.#profile }),
      extra: {
        session: {
          // Adam's second moments fall into denormals, which are a hundred times slower.
          set_denormal_as_zero: '1',
          // Between runs, threads would go on spinning and take a core from other sessions and from the data workers.
          force_spinning_stop: '1',
        },
      },
    });
    return {
      run: async (feeds, into) =>
        (await session.run(feeds as never, into as never)) as unknown as Record<string, EngineTensor>,
      release: () => {
        if (this.#profile !== undefined) session.endProfiling();
        return session.release();
      },
    };
  }
}
