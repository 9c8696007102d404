import { InvalidOptionError } from '@selfsup/ssl-core';

/** Bytes that pictures may take while they are decoded, where nothing else is said: 1 GiB. */
export const defaultDecodeMemory = 2 ** 30;

/** Bytes of the budget that somebody has. */
export interface DecodeShare {
  /** Gives back all but `bytes`. */
  shrink(bytes: number): void;
  /** Gives them back, once. */
  release(): void;
}

/** A member of a budget in another thread; plain data around shared memory. */
export interface DecodeBudgetPlace {
  readonly memory: Int32Array;
  /** The thread's own number. */
  readonly slot: number;
}

/** Threads that one budget can have at a time. */
const maxThreads = 4096;
/** Places of the shared memory: KiB in all, whose turn it is (0 = nobody's, else slot + 1), slots in use, KiB by slot. */
const [capacityAt, turnAt, countAt, firstSlot] = [0, 1, 2, 3];
/** Milliseconds between two looks at what other threads gave back. */
const lookEvery = 4;

/**
 * Bytes that may be in use for decoding pictures at one time, over all threads that share it.
 *
 * Who wants more than is left waits for the others; a picture that is larger than all of the budget is decoded alone.
 * Only the thread whose turn it is adds to what is taken, and it keeps the turn until it has what it wants: no picture
 * waits for ever behind smaller ones. What a thread has is written in a slot of its own, so that nothing is lost when it
 * dies.
 */
export class DecodeBudget {
  readonly #memory: Int32Array;
  readonly #slot: number;
  readonly #freed: number[] = [];
  readonly #waiting: { readonly kib: number; readonly resolve: (share: DecodeShare) => void }[] = [];
  #timer: NodeJS.Timeout | undefined;

  /** @param of bytes in all, or a place in the budget of another thread */
  constructor(of: number | DecodeBudgetPlace) {
    if (typeof of !== 'number') {
      this.#memory = of.memory;
      this.#slot = of.slot;
      return;
    }
    this.#memory = new Int32Array(new SharedArrayBuffer(4 * (firstSlot + maxThreads)));
    this.#slot = 0;
    this.#memory[countAt] = 1;
    this.bytes = of;
  }

  /** Bytes in all. */
  get bytes(): number {
    return Atomics.load(this.#memory, capacityAt) * 1024;
  }

  set bytes(bytes: number) {
    Atomics.store(this.#memory, capacityAt, Math.min(kibOf(bytes), 2 ** 31 - 1));
  }

  /** Bytes that are taken, in all threads. */
  get taken(): number {
    return this.#taken() * 1024;
  }

  /** Waits until `bytes` are free and takes them. */
  take(bytes: number): Promise<DecodeShare> | DecodeShare {
    const kib = Math.min(kibOf(bytes), 2 ** 30);
    if (this.#waiting.length === 0 && this.#tryTake(kib)) return this.#share(kib);
    return new Promise((resolve) => {
      this.#waiting.push({ kib, resolve });
      this.#timer ??= setInterval(() => this.#serve(), lookEvery);
    });
  }

  /** A place for another thread. Only the thread that made the budget gives places. */
  place(): DecodeBudgetPlace {
    const slot = this.#freed.pop() ?? this.#memory[countAt]!;
    if (slot >= maxThreads)
      throw new InvalidOptionError('DataLoader', 'workers', `at most ${maxThreads - 1} threads at a time`, slot);
    if (slot === this.#memory[countAt]) Atomics.add(this.#memory, countAt, 1);
    return { memory: this.#memory, slot };
  }

  /** Takes back what a thread that is no more had. */
  vacate({ slot }: DecodeBudgetPlace): void {
    Atomics.store(this.#memory, firstSlot + slot, 0);
    Atomics.compareExchange(this.#memory, turnAt, slot + 1, 0);
    this.#freed.push(slot);
    this.#serve();
  }

  #taken(): number {
    const end = firstSlot + Atomics.load(this.#memory, countAt);
    let sum = 0;
    for (let at = firstSlot; at < end; at++) sum += Atomics.load(this.#memory, at);
    return sum;
  }

  #tryTake(kib: number): boolean {
    const own = this.#slot + 1;
    const holder = Atomics.compareExchange(this.#memory, turnAt, 0, own);
    if (holder !== 0 && holder !== own) return false;
    const taken = this.#taken();
    // The turn is kept: this one is next.
    if (taken > 0 && taken + kib > Atomics.load(this.#memory, capacityAt)) return false;
    Atomics.add(this.#memory, firstSlot + this.#slot, kib);
    Atomics.store(this.#memory, turnAt, 0);
    return true;
  }

  #serve(): void {
    for (let first = this.#waiting[0]; first !== undefined && this.#tryTake(first.kib); first = this.#waiting[0]) {
      this.#waiting.shift();
      first.resolve(this.#share(first.kib));
    }
    if (this.#waiting.length > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #share(kib: number): DecodeShare {
    let held = kib;
    const keep = (left: number): void => {
      if (left >= held) return;
      Atomics.sub(this.#memory, firstSlot + this.#slot, held - left);
      held = left;
      if (this.#waiting.length > 0) this.#serve();
    };
    return { shrink: (bytes) => keep(kibOf(bytes)), release: () => keep(0) };
  }
}

function kibOf(bytes: number): number {
  return Math.max(1, Math.ceil(bytes / 1024));
}

/** Throws {@link InvalidOptionError} for what is no number of bytes. */
export function checkDecodeMemory(where: string, option: string, bytes: number): void {
  if (!(bytes >= 1024)) throw new InvalidOptionError(where, option, 'bytes, at least 1024', bytes);
}

let ofThread: DecodeBudget | undefined;

/** The budget of this thread's decoding where nothing else is said. */
export function threadDecodeBudget(): DecodeBudget {
  return (ofThread ??= new DecodeBudget(defaultDecodeMemory));
}

/** Makes this thread decode from a budget that other threads share. */
export function joinDecodeBudget(place: DecodeBudgetPlace): DecodeBudget {
  return (ofThread = new DecodeBudget(place));
}

/**
 * Sets how many bytes pictures may take while they are decoded at one time, for `decodeImage` in the calling thread and
 * for all of its loaders that have no `decodeMemory` of their own. Default 1 GiB.
 *
 * @throws InvalidOptionError for less than 1024
 */
export function setDecodeMemory(bytes: number): void {
  checkDecodeMemory('setDecodeMemory', 'bytes', bytes);
  threadDecodeBudget().bytes = bytes;
}
