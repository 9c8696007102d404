import { type InferenceSession, loadRuntime, type Runtime, type Tensor } from '@selfsup/ssl-runtime';
import { DeviceError } from '../errors/device-error.js';
import type { Device } from '../graph/builder.js';
import { encodeModel } from '../graph/encode-model.js';
import { filledData, Graph } from '../graph/graph.js';
import { type HostData, sizeOf, type Value, type ValueType } from '../graph/value.js';
import { nativeRun } from '../threads/native-runs.js';
import { endMark, endMarkMessage, endMarkName } from './end-mark.js';
import type { Engine, EngineSession, EngineTensor } from './engine.js';
import { engineThreads } from './engine-threads.js';

/** Settings of the ONNX Runtime engine. */
export interface OnnxEngineOptions {
  readonly device: Device;
  /** Threads inside an operator. Default: {@link engineThreads}. */
  readonly threads: number;
  /** File prefix of profiles; none are written without it. */
  readonly profile: string;
}

/** What a device needs, for the message when it is not there. */
const wayOut: Readonly<Record<Device, string>> = {
  cpu: 'Run npx @selfsup/ssl-tensor doctor, which says what is missing',
  webgpu:
    "It needs a driver for Vulkan (Linux), Metal or Direct3D 12. Without a GPU, a software adapter will do for tests: on Debian 'apt install chromium libvulkan1', then set VK_ICD_FILENAMES=/usr/lib/chromium/vk_swiftshader_icd.json and XDG_RUNTIME_DIR to any folder before Node starts. device: 'cpu' works everywhere",
  cuda: "It needs CUDA 12, cuDNN 9 and ONNX Runtime's CUDA libraries, which the install script of onnxruntime-node fetches on Linux x64: npm install onnxruntime-node@1.30.0 in a folder of its own, then set SSL_ONNXRUNTIME_NODE to its node_modules/onnxruntime-node. device: 'cpu' works everywhere",
};

/** The host's: what every session of the runtime's Node binding reads and writes, whatever device it computes on. */
const hostMemory = {};

/** The runtime's own tensor. */
const native = (tensor: EngineTensor): Tensor => tensor as unknown as Tensor;

/** The engine takes no memory that threads share, which a page without the headers for it does not even have. */
const unshared = (data: HostData): HostData =>
  typeof SharedArrayBuffer !== 'undefined' && data.buffer instanceof SharedArrayBuffer
    ? (data.slice() as HostData)
    : data;

/** Runs graphs on ONNX Runtime. Tensors are arrays of the host, also where a GPU computes: the runtime moves them. */
export class OnnxEngine implements Engine {
  readonly device: Device;
  readonly memory = hostMemory;
  readonly #runtime: Runtime;
  readonly #threads: number;
  readonly #profile: string | undefined;
  #profiles = 0;

  constructor({ device, threads = engineThreads(), profile }: Partial<OnnxEngineOptions> = {}) {
    this.device = device ?? 'cpu';
    this.#runtime = loadRuntime();
    this.#threads = threads;
    this.#profile = profile;
  }

  /**
   * An engine whose device is known to work: off the CPU, one addition has run on it.
   *
   * @throws DeviceError when the device or its libraries are missing
   */
  static async open(options: Partial<OnnxEngineOptions>): Promise<OnnxEngine> {
    const engine = new OnnxEngine(options);
    if (engine.device === 'cpu') return engine;
    const graph = new Graph();
    const addend = graph.input('x', [2], 'float32');
    const { bytes, inputs } = encodeModel(graph, new Map([['y', graph.node('Add', [addend, addend], addend)]]));
    try {
      const session = await new OnnxEngine({ device: engine.device, threads: 1 }).load(bytes, inputs);
      const [x, y] = [engine.upload('float32', Float32Array.of(1, 2), [2]), engine.allocate('float32', [2])];
      await session.run({ x }, { y });
      await session.release();
    } catch (cause) {
      // Without the runtime's own file and line before it.
      const message = (cause as Error).message.trim().split('was false. ').at(-1)!;
      throw new DeviceError(engine.device, `does not work here: ${message}`, wayOut[engine.device], { cause });
    }
    return engine;
  }

  upload(type: ValueType, data: HostData, shape: readonly number[]): EngineTensor {
    return this.#tensor(type, unshared(data), shape);
  }

  allocate(type: ValueType, shape: readonly number[]): EngineTensor {
    return this.#tensor(type, filledData(type, sizeOf(shape), 0), shape);
  }

  view(tensor: EngineTensor, shape: readonly number[]): EngineTensor {
    return this.#tensor(native(tensor).type as ValueType, this.mapped(tensor), shape);
  }

  mapped(tensor: EngineTensor): HostData {
    return native(tensor).data as HostData;
  }

  read(tensor: EngineTensor): Promise<HostData> {
    return Promise.resolve(this.mapped(tensor).slice() as HostData);
  }

  /** The collector's. */
  free(_tensor: EngineTensor): void {}

  #tensor(type: ValueType, data: HostData, shape: readonly number[]): EngineTensor {
    return new this.#runtime.Tensor(type as Tensor.Type, data as never, [...shape]) as unknown as EngineTensor;
  }

  /** The runtime adds the time in milliseconds, at which two sessions may begin: each gets a name of its own. */
  #nextProfile(prefix: string): string {
    return ++this.#profiles === 1 ? prefix : `${prefix}-${this.#profiles}`;
  }

  async load(model: Uint8Array, _inputs: readonly Value[]): Promise<EngineSession> {
    const marked = Buffer.concat([endMark, model]);
    const options: InferenceSession.SessionOptions = {
      executionProviders: [this.device],
      intraOpNumThreads: this.#threads,
      interOpNumThreads: 1,
      executionMode: 'sequential',
      graphOptimizationLevel: 'all',
      // A pattern is one block for all values of a run, beside the blocks of the run that found it: more memory, no faster.
      enableMemPattern: false,
      // What goes wrong is thrown; the runtime would print it too, with escape sequences.
      logSeverityLevel: 4,
      enableProfiling: this.#profile !== undefined,
      ...(this.#profile === undefined ? {} : { profileFilePrefix: this.#nextProfile(this.#profile) }),
      extra: {
        session: {
          // Adam's second moments fall into denormals, which are a hundred times slower.
          set_denormal_as_zero: '1',
          // Between runs, threads would go on spinning and take a core from other sessions and from the data workers.
          force_spinning_stop: '1',
        },
      },
    };
    const session = await nativeRun('now', () => this.#runtime.InferenceSession.create(marked, options));
    return {
      run: async (feeds, into) => {
        try {
          await nativeRun('next immediate', () =>
            session.run(feeds as never, { ...into, [endMarkName]: null } as never),
          );
        } catch (cause) {
          if ((cause as Error).message !== endMarkMessage) throw cause;
        }
      },
      release: () => {
        if (this.#profile !== undefined) session.endProfiling();
        return nativeRun('now', () => session.release());
      },
    };
  }
}
