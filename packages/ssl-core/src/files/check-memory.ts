import { totalmem } from 'node:os';
import { InvalidOptionError } from '../errors/invalid-option-error.js';

/** A part of what is about to be allocated, and the option that makes it large. */
export interface MemoryNeed {
  readonly option: string;
  readonly bytes: number;
}

/**
 * Refuses sizes that cannot be allocated here, before hours of paging or an abort without a message say so.
 *
 * @param where the function or file whose options they are
 * @param what the parts make together, such as `the weights`
 * @param needs at the same time in memory
 * @param memory bytes; default: those of the machine, or of its container where that has fewer
 * @throws InvalidOptionError that names the option which takes most, with the figures
 */
export function checkMemory(
  where: string,
  what: string,
  needs: readonly MemoryNeed[],
  memory: number = machineMemory(),
): void {
  const total = needs.reduce((sum, { bytes }) => sum + bytes, 0);
  if (total <= memory) return;
  const largest = needs.reduce((most, need) => (need.bytes > most.bytes ? need : most));
  throw new InvalidOptionError(
    where,
    largest.option,
    `so small that ${what} fit the ${gibibytes(memory)} GiB of memory here; they take at least ${gibibytes(total)} GiB`,
    `${gibibytes(largest.bytes)} GiB by this alone`,
  );
}

/** Memory that a process can ever have, in bytes: the machine's, or its container's where that has less. */
export function machineMemory(): number {
  const container = process.constrainedMemory();
  return container > 0 ? Math.min(container, totalmem()) : totalmem();
}

function gibibytes(bytes: number): string {
  const value = bytes / 2 ** 30;
  return value < 10 ? String(Number(value.toPrecision(2))) : value.toLocaleString('en', { maximumFractionDigits: 0 });
}
