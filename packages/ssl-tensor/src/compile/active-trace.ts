import type { Trace } from './trace.js';

let current: Trace | undefined;

/** The trace that is recording now, if any. */
export function activeTrace(): Trace | undefined {
  return current;
}

/** True inside a function that compile() is tracing. */
export function isTracing(): boolean {
  return current !== undefined;
}

/** Runs `body` with `trace` recording. */
export function withTrace<T>(trace: Trace, body: () => T): T {
  const outer = current;
  current = trace;
  try {
    return body();
  } finally {
    current = outer;
  }
}
