import type { StateDict } from '../module/state-dict.js';
import { decodeElements, isReadable } from './decode-elements.js';
import { noteSkipped, type SkippedTensor } from './skipped-tensor.js';
import type { SafetensorsHead } from './safetensors-head.js';

/** Contents of a safetensors file. */
export interface Safetensors {
  /** In the order of the file's data, as float32, int32 or bytes; see the package's README for what becomes what. */
  readonly tensors: StateDict;
  readonly metadata: Record<string, string>;
  /** Tensors that the file has and `tensors` has not, with the reason: types without a form here, values beyond int32. */
  readonly skipped: readonly SkippedTensor[];
  /** Whether the file has checksums, which then held. */
  readonly checked: boolean;
}

/** Makes the contents of a file from its head and the bytes of its tensors. */
export class TensorCollector {
  readonly #head: SafetensorsHead;
  readonly #tensors: StateDict = new Map();
  readonly #skipped: SkippedTensor[] = [];

  constructor(head: SafetensorsHead) {
    this.#head = head;
  }

  /** Whether {@link add} looks at a tensor's bytes. */
  wants(index: number): boolean {
    return this.#head.sums !== undefined || isReadable(this.#head.entries[index]!.dtype);
  }

  /**
   * Takes the bytes of the tensor with this index in the order of the data.
   *
   * @throws CheckpointError when they do not match their checksum
   */
  add(index: number, bytes: Uint8Array): void {
    const { name, dtype, shape } = this.#head.entries[index]!;
    this.#head.verify(index, bytes);
    const data = decodeElements(dtype, bytes);
    if ('reason' in data) this.#skipped.push({ name, dtype, shape, reason: data.reason });
    else this.#tensors.set(name, { data, shape });
  }

  finish(): Safetensors {
    noteSkipped(this.#tensors, this.#skipped);
    return {
      tensors: this.#tensors,
      metadata: this.#head.metadata,
      skipped: this.#skipped,
      checked: this.#head.sums !== undefined,
    };
  }
}
