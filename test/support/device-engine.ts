import type { Engine, EngineSession, EngineTensor } from '../../packages/ssl-tensor/src/engine/engine.js';
import { OnnxEngine } from '../../packages/ssl-tensor/src/engine/onnx-engine.js';
import type { HostData, Value, ValueType } from '../../packages/ssl-tensor/src/graph/value.js';

/** A tensor's place in the pretended memory; views share the place. */
class Place {
  constructor(readonly number: number) {}
}

/**
 * An engine whose memory the host does not see, as a GPU's buffers or a worker's heap: values come and go by copies, reading
 * takes a while, and using memory after it was freed is an error. It computes on the CPU.
 */
export class DeviceEngine implements Engine {
  readonly device = 'cpu';
  readonly memory = {};
  /** Tensors that were read so far. */
  reads = 0;
  readonly #inner = new OnnxEngine({ threads: 1 });
  readonly #held = new Map<number, { readonly tensor: EngineTensor }>();
  readonly #views = new WeakMap<object, EngineTensor>();
  #next = 0;

  /** Tensors that were not freed. */
  get live(): number {
    return this.#held.size;
  }

  upload(type: ValueType, data: HostData, shape: readonly number[]): EngineTensor {
    return this.#place(this.#inner.upload(type, data.slice() as HostData, shape));
  }

  allocate(type: ValueType, shape: readonly number[]): EngineTensor {
    return this.#place(this.#inner.allocate(type, shape));
  }

  view(tensor: EngineTensor, shape: readonly number[]): EngineTensor {
    const view = new Place((tensor as unknown as Place).number);
    this.#views.set(view, this.#inner.view(this.#inside(tensor), shape));
    return view as unknown as EngineTensor;
  }

  mapped(_tensor: EngineTensor): undefined {
    return undefined;
  }

  async read(tensor: EngineTensor): Promise<HostData> {
    const inside = this.#inside(tensor);
    await new Promise((resolve) => setTimeout(resolve, 1));
    this.reads++;
    return this.#inner.read(inside);
  }

  free(tensor: EngineTensor): void {
    this.#inside(tensor);
    this.#held.delete((tensor as unknown as Place).number);
  }

  async load(model: Uint8Array, inputs: readonly Value[]): Promise<EngineSession> {
    const session = await this.#inner.load(model, inputs);
    const inside = (tensors: Readonly<Record<string, EngineTensor>>): Record<string, EngineTensor> =>
      Object.fromEntries(Object.entries(tensors).map(([name, tensor]) => [name, this.#inside(tensor)]));
    return {
      run: (feeds, into) => session.run(inside(feeds), inside(into)),
      release: () => session.release(),
    };
  }

  #place(tensor: EngineTensor): EngineTensor {
    const place = new Place(this.#next++);
    this.#held.set(place.number, { tensor });
    return place as unknown as EngineTensor;
  }

  #inside(tensor: EngineTensor): EngineTensor {
    const held = tensor instanceof Place ? this.#held.get(tensor.number) : undefined;
    if (held === undefined) throw new RangeError('the tensor was freed, or is of another engine');
    return this.#views.get(tensor) ?? held.tensor;
  }
}
