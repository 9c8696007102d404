/** Counts the bytes of buffers that JavaScript code asks for, until stopped. */
export interface AllocationWatch {
  /** Bytes of all buffers so far, whether or not they were used or freed. */
  total(): number;
  stop(): void;
}

const watched = [
  'Uint8Array',
  'Int8Array',
  'Uint16Array',
  'Int16Array',
  'Uint32Array',
  'Int32Array',
  'Float32Array',
  'Float64Array',
  'BigInt64Array',
  'BigUint64Array',
  'ArrayBuffer',
  'SharedArrayBuffer',
] as const;

/**
 * Watches constructors of buffers and typed arrays with a length, and `Buffer.alloc`, `allocUnsafe` and `concat`.
 *
 * Memory use of the process would not do: zeroed pages that nobody touches cost nothing, and a header's claim of 2 GB
 * would go unnoticed on this machine and end the process on another. What Node allocates inside, such as the chunks of
 * its streams, is not counted.
 */
export function watchAllocations(): AllocationWatch {
  let total = 0;
  const globals = globalThis as unknown as Record<string, unknown>;
  const restore: (() => void)[] = [];
  for (const name of watched) {
    const original = globals[name] as (new (...values: unknown[]) => object) & { BYTES_PER_ELEMENT?: number };
    globals[name] = new Proxy(original, {
      construct(target, values: unknown[], newTarget: (...values: unknown[]) => unknown) {
        const [length] = values;
        if (typeof length === 'number' && length > 0) total += length * (original.BYTES_PER_ELEMENT ?? 1);
        return Reflect.construct(target, values, newTarget) as object;
      },
    });
    restore.push(() => (globals[name] = original));
  }
  const [alloc, allocUnsafe, concat] = [
    Buffer.alloc.bind(Buffer),
    Buffer.allocUnsafe.bind(Buffer),
    Buffer.concat.bind(Buffer),
  ];
  Buffer.alloc = (size: number, ...rest: []) => {
    total += size;
    return alloc(size, ...rest);
  };
  Buffer.allocUnsafe = (size: number) => {
    total += size;
    return allocUnsafe(size);
  };
  Buffer.concat = ((parts: readonly Uint8Array[], size?: number) => {
    total += size ?? parts.reduce((sum, part) => sum + part.length, 0);
    return concat(parts, size);
  }) as typeof Buffer.concat;
  restore.push(() => Object.assign(Buffer, { alloc, allocUnsafe, concat }));
  return {
    total: () => total,
    stop: () => restore.forEach((undo) => undo()),
  };
}
