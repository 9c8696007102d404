// Plays cases of one kind in a process of their own: REGISTRY KIND SEED FOLDER NUMBER...
// Tells the campaign by messages when a case begins and how it ended; a hang or a crash is seen from outside.
import { readFileSync, writeFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { foldIn, randomKey, RandomStream } from '@selfsup/ssl-core';
import type { Kind } from './kind.js';
import type { CaseMessage } from './run-kind.js';

const [registry, name, seed, folder, ...numbers] = process.argv.slice(2) as [
  string,
  string,
  string,
  string,
  ...string[],
];
const { kinds } = (await import(registry)) as { readonly kinds: readonly Kind[] };
const kind = kinds.find((candidate) => candidate.name === name)!;
const send = (message: CaseMessage): void => void process.send!(message);

/** Megabytes at most since the last call, where the system tells; resident now elsewhere. */
function peakMegabytes(): number {
  try {
    const kilobytes = /^VmHWM:\s+(\d+)/m.exec(readFileSync('/proc/self/status', 'utf8'))![1];
    // Sets the mark back to what is resident now.
    writeFileSync('/proc/self/clear_refs', '5');
    return Number(kilobytes) / 1024;
  } catch {
    return process.memoryUsage().rss / 2 ** 20;
  }
}

/** A read of a FIFO that nobody writes keeps the process alive for ever, whatever was closed. */
async function fileOperationsEnd(): Promise<void> {
  const running = (): string[] => process.getActiveResourcesInfo().filter((resource) => resource.startsWith('FSReq'));
  for (let tick = 0; running().length > 0; tick++) {
    if (tick === 100) throw new RangeError(`left a file operation behind that does not end (${running().join(', ')})`);
    await wait(20);
  }
}

const play = await kind.prepare(folder);
peakMegabytes();
for (const number of numbers.map(Number)) {
  let what = 'case as it is';
  send({ type: 'begin', number });
  try {
    const random = new RandomStream(foldIn(randomKey(Number(seed)), `${name} ${number}`));
    const outcome = await play(random, number, (text) => {
      what = text;
      send({ type: 'what', text });
    });
    await fileOperationsEnd();
    send({ type: 'end', number, outcome, megabytes: peakMegabytes() });
  } catch (error) {
    const reason = error instanceof Error ? (error.stack ?? error.message) : String(error);
    send({ type: 'failed', number, failure: { number, what, reason }, megabytes: peakMegabytes() });
  }
}
// Whatever a kind still holds open (servers, workers) ends with it; a hang here is seen from outside.
process.disconnect();
