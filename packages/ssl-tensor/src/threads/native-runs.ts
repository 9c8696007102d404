import { getEnvironmentData, isMainThread, setEnvironmentData, threadId } from 'node:worker_threads';
import { SslError } from 'ssl-core';

/**
 * The runtime aborts the process when its thread is ended while it runs: on its way back to JavaScript, where nothing may
 * run any more, it throws what nobody can catch. All threads therefore note here, by their number, that they are in the
 * runtime, and look whether they are to end before they enter it.
 */
const environmentKey = 'ssl-tensor: native runs';

/** Numbers of threads count up; two that live at once do not differ by this. */
const places = 4096;

const [running, ending] = [1, 2] as const;

/** How long the end of the process waits for runs, in ms. */
const patience = 60_000;

/** Of the whole process: the thread that loads this first makes it, and those that it starts from then on inherit it. */
const states: Int32Array = (() => {
  const inherited = getEnvironmentData(environmentKey);
  if (inherited instanceof Int32Array) return inherited;
  const made = new Int32Array(new SharedArrayBuffer(places * Int32Array.BYTES_PER_ELEMENT));
  setEnvironmentData(environmentKey, made);
  return made;
})();

const placeOf = (thread: number): number => thread % places;

/** Threads end with the process, whose own end is told here only. */
if (isMainThread)
  process.on('exit', () => {
    const until = Date.now() + patience;
    for (let place = 0; place < places; place++) {
      if (place === placeOf(threadId)) continue;
      Atomics.or(states, place, ending);
      if (isRunning(place)) Atomics.wait(states, place, running | ending, Math.max(0, until - Date.now()));
    }
  });

function isRunning(place: number): boolean {
  return (Atomics.load(states, place) & running) !== 0;
}

let inside = 0;

function leave(): void {
  if (--inside > 0) return;
  const place = placeOf(threadId);
  Atomics.and(states, place, ~running);
  Atomics.notify(states, place);
}

/**
 * Enters the runtime.
 *
 * @throws SslError in a thread that is being ended
 */
export async function nativeRun<T>(body: () => Promise<T>): Promise<T> {
  inside++;
  // Noted before the look: whoever ends the thread notes that before its own.
  const before = Atomics.or(states, placeOf(threadId), running);
  try {
    if ((before & ending) !== 0) throw new SslError('This thread is being ended: it computes nothing any more');
    return await body();
  } finally {
    leave();
  }
}

/** Lets a thread enter the runtime no more, and resolves when it is not in it. */
export async function stopNativeRuns(thread: number): Promise<void> {
  const place = placeOf(thread);
  Atomics.or(states, place, ending);
  while (isRunning(place)) await new Promise((resolve) => setTimeout(resolve, 2));
}

/** Gives the place of a thread that has ended to a later one. */
export function forgetThread(thread: number): void {
  Atomics.store(states, placeOf(thread), 0);
}
