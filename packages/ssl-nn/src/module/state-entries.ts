import { CheckpointError, type NdArray } from '@selfsup/ssl-tensor/host';
import { skippedOf, type SkippedTensor } from '../safetensors/skipped-tensor.js';
import { sameValues } from './same-values.js';
import { joined } from './walk-tree.js';

/** A state dict on its way into a tree or out of it; the modules' hooks change it and not the caller's Map. */
export class StateInTransit {
  readonly tensors: Map<string, NdArray>;
  /** What the file has and could not be read, by name. */
  readonly skipped: Map<string, SkippedTensor>;
  /** What a module has no use for, with the reason. */
  readonly ignored = new Map<string, string>();

  constructor(state: ReadonlyMap<string, NdArray>) {
    this.tensors = new Map(state);
    this.skipped = new Map(skippedOf(state).map((tensor) => [tensor.name, tensor]));
  }
}

/** The entries of a state dict that lie below one module, by that module's own names, wherever it stands in a model. */
export class StateEntries {
  readonly #state: StateInTransit;
  readonly #prefix: string;

  /** @param prefix name of the module, `''` for the model itself */
  constructor(state: StateInTransit, prefix: string) {
    this.#state = state;
    this.#prefix = prefix;
  }

  /** Names below this module, in the order of the state dict. */
  names(): string[] {
    const start = joined(this.#prefix, ' ').slice(0, -1);
    return [...this.#state.tensors.keys(), ...this.#state.skipped.keys()]
      .filter((name) => name.startsWith(start))
      .map((name) => name.slice(start.length));
  }

  /** The name that the whole state dict has for an entry, for messages. */
  fullName(name: string): string {
    return joined(this.#prefix, name);
  }

  /** The array of a name; undefined where there is none, or none that could be read. */
  get(name: string): NdArray | undefined {
    return this.#state.tensors.get(this.fullName(name));
  }

  /** Puts an array under a name, for instance one of another size than the file had. */
  set(name: string, array: NdArray): void {
    this.#state.tensors.set(this.fullName(name), array);
  }

  /**
   * Gives an entry another name; nothing where there is no such entry.
   *
   * @throws CheckpointError where the other name is there with other values
   */
  rename(from: string, to: string): void {
    const [old, name] = [this.fullName(from), this.fullName(to)];
    const { tensors, skipped } = this.#state;
    const [array, other, unread] = [tensors.get(old), tensors.get(name), skipped.get(old)];
    if (unread !== undefined) skipped.delete(old);
    if (unread !== undefined && !tensors.has(name)) skipped.set(name, { ...unread, name });
    if (array === undefined) return;
    if (other !== undefined && !sameValues(other, array))
      throw new CheckpointError(
        `'${old}' and '${name}' name one tensor and have different values; delete one of them`,
        { parameter: old },
      );
    tensors.delete(old);
    tensors.set(name, array);
  }

  /** Takes an entry out that the module has no use for; `ignored` of what `loadStateDict` returns has it and the reason. */
  ignore(name: string, reason: string): void {
    const full = this.fullName(name);
    const there = this.#state.tensors.delete(full);
    if (this.#state.skipped.delete(full) || there) this.#state.ignored.set(full, reason);
  }
}
