import { getEnvironmentData, isMainThread, setEnvironmentData, threadId } from 'node:worker_threads';

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

/** In a browser, a bundle imports this for `endWorker` and never runs anything. */
const isNode =
  typeof process === 'object' && typeof process.on === 'function' && typeof SharedArrayBuffer === 'function';

/** Of the whole process: the thread that loads this first makes it, and those that it starts from then on inherit it. */
const states: Int32Array = (() => {
  if (!isNode) return new Int32Array(places);
  const inherited = getEnvironmentData(environmentKey);
  if (inherited instanceof Int32Array) return inherited;
  const made = new Int32Array(new SharedArrayBuffer(places * Int32Array.BYTES_PER_ELEMENT));
  setEnvironmentData(environmentKey, made);
  return made;
})();

const placeOf = (thread: number): number => (thread === 0 ? 0 : 1 + ((thread - 1) % (places - 1)));

/** Of a thread that ended by itself, or was ended between two runs, nothing is left. */
if (isNode)
  process.on('worker', (worker) => {
    const place = placeOf(worker.threadId);
    worker.once('exit', () => Atomics.store(states, place, 0));
  });

// All threads end with the process, whose own end is told here only.
if (isNode && isMainThread)
  process.on('exit', () => {
    const until = Date.now() + patience;
    for (let place = 1; place < places; place++) {
      Atomics.or(states, place, ending);
      if (isRunning(place)) Atomics.wait(states, place, running | ending, Math.max(0, until - Date.now()));
    }
  });

function isRunning(place: number): boolean {
  return (Atomics.load(states, place) & running) !== 0;
}

let inside = 0;

function enter(): void {
  if (inside++ > 0) return;
  const place = placeOf(threadId);
  // Noted before the look: whoever ends the thread notes that before its own. A thread that is being ended waits for it.
  while ((Atomics.or(states, place, running) & ending) !== 0) {
    giveUp(place);
    Atomics.wait(states, place, ending);
  }
}

function leave(): void {
  if (--inside === 0) giveUp(placeOf(threadId));
}

function giveUp(place: number): void {
  Atomics.and(states, place, ~running);
  Atomics.notify(states, place);
}

/**
 * Runs what is in the runtime from now on, or from the next immediate, until it is done; never begins where the thread is
 * being ended.
 */
export async function nativeRun<T>(from: 'now' | 'next immediate', body: () => Promise<T>): Promise<T> {
  let isInside = false;
  const begin = (): void => {
    enter();
    isInside = true;
  };
  // Comes right before the one that the body asks for.
  const immediate = from === 'now' ? undefined : setImmediate(begin);
  if (immediate === undefined) begin();
  try {
    return await body();
  } finally {
    clearImmediate(immediate);
    if (isInside) leave();
  }
}

/** Lets a thread enter the runtime no more, and resolves when it is not in it. */
export async function stopNativeRuns(thread: number): Promise<void> {
  const place = placeOf(thread);
  Atomics.or(states, place, ending);
  while (isRunning(place)) await new Promise((resolve) => setTimeout(resolve, 2));
}
