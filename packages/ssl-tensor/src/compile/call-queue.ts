/** What a call uses. Calls of which one writes what the other uses run one after the other. */
export interface Claim {
  readonly reads: ReadonlySet<object>;
  readonly writes: ReadonlySet<object>;
}

/** A call whose turn it is. */
export interface Turn {
  /** Waits until no earlier call is left that this claim meets; `everything` meets every call. Once for each call. */
  readonly claim: (claim: Claim | 'everything') => Promise<void>;
  /** Lets other calls have their turn until `body` is done. */
  readonly aside: <T>(body: () => Promise<T>) => Promise<T>;
}

interface Active {
  readonly claim: Claim | 'everything';
  readonly done: Promise<void>;
}

const share = (a: ReadonlySet<object>, b: ReadonlySet<object>): boolean => {
  for (const item of a) if (b.has(item)) return true;
  return false;
};

const meet = (a: Claim | 'everything', b: Claim | 'everything'): boolean =>
  a === 'everything' ||
  b === 'everything' ||
  share(a.writes, b.writes) ||
  share(a.writes, b.reads) ||
  share(a.reads, b.writes);

/**
 * Runs calls one after the other, in their order. While one waits for the host, those that it shares nothing with go on:
 * in-process ranks can wait for each other, yet each call sees its variables as the calls before it left them.
 */
export class CallQueue {
  #end: Promise<void> = Promise.resolve();
  readonly #active = new Set<Active>();

  async run<T>(task: (turn: Turn) => Promise<T>): Promise<T> {
    let release = await this.#next();
    let [finish, active]: [() => void, Active | undefined] = [() => undefined, undefined];
    const aside = async <R>(body: () => Promise<R>): Promise<R> => {
      release();
      try {
        return await body();
      } finally {
        release = await this.#next();
      }
    };
    const claim = async (wanted: Claim | 'everything'): Promise<void> => {
      const before = [...this.#active].filter((other) => meet(wanted, other.claim));
      const done = new Promise<void>((resolve) => (finish = resolve));
      active = { claim: wanted, done };
      this.#active.add(active);
      if (before.length > 0) await aside(() => Promise.all(before.map((other) => other.done)));
    };
    try {
      return await task({ claim, aside });
    } finally {
      if (active !== undefined) this.#active.delete(active);
      finish();
      release();
    }
  }

  /** Waits for the turn; returns what ends it. */
  #next(): Promise<() => void> {
    const before = this.#end;
    let release = (): void => undefined;
    this.#end = new Promise((resolve) => (release = resolve));
    return before.then(() => release);
  }
}
