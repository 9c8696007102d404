/** A stream on which a bar is drawn, or that goes to the same terminal. */
export interface GuardedStream {
  write: NodeJS.WriteStream['write'];
}

/** Whether what is written ends with the end of a line. */
function endsLine(chunk: unknown): boolean {
  if (typeof chunk === 'string') return chunk.endsWith('\n');
  return chunk instanceof Uint8Array && chunk.at(-1) === 10;
}

/**
 * Has every write of others to the streams go through `around`, until the function that is returned is called. The
 * streams then have the method that they had; where somebody else has replaced it meanwhile, that stays, and what it calls
 * writes as before.
 *
 * @param around calls `write` once, and is told whether the text ends its line
 */
export function guardWrites(
  streams: Iterable<GuardedStream>,
  around: (write: () => boolean, endsLine: boolean) => boolean,
): () => void {
  const restores = [...new Set(streams)].map((stream) => {
    const own = Object.getOwnPropertyDescriptor(stream, 'write');
    const original = stream.write;
    let guards = true;
    const guarded = (...chunk: Parameters<typeof original>): boolean => {
      const write = (): boolean => original.apply(stream as NodeJS.WriteStream, chunk);
      return guards ? around(write, endsLine(chunk[0])) : write();
    };
    stream.write = guarded as typeof original;
    return () => {
      guards = false;
      if (stream.write !== guarded) return;
      if (own === undefined) Reflect.deleteProperty(stream, 'write');
      else Object.defineProperty(stream, 'write', own);
    };
  });
  return () => restores.forEach((restore) => restore());
}
