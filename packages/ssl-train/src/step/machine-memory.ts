import { freemem, totalmem } from 'node:os';

/** Memory that there is for this process, in bytes. */
export interface MachineMemory {
  /** What the process has already. */
  readonly used: number;
  /** What it can take beyond that without swapping. */
  readonly free: number;
  /** All that it could ever have. */
  readonly total: number;
}

/** Where the numbers come from; replaced in tests. */
export interface MemorySource {
  readonly platform: NodeJS.Platform;
  readonly rss: number;
  readonly free: number;
  readonly total: number;
  /** Limit of a container or a control group; undefined, 0 or beyond `total` where there is none. */
  readonly limit: number | undefined;
}

const thisProcess = (): MemorySource => ({
  platform: process.platform,
  rss: process.memoryUsage.rss(),
  free: freemem(),
  total: totalmem(),
  limit: process.constrainedMemory(),
});

/** macOS counts as free only what holds nothing at all; files that it keeps and could drop are most of the rest. */
const usableOnMac = 0.8;

/** Memory of the machine, within the limit that is set for the process. */
export function machineMemory(source: MemorySource = thisProcess()): MachineMemory {
  const { platform, rss, limit = 0 } = source;
  const isLimited = limit > 0 && limit < source.total;
  const total = isLimited ? limit : source.total;
  const free = platform === 'darwin' ? usableOnMac * source.total - rss : source.free;
  return { used: rss, free: Math.max(0, isLimited ? Math.min(free, limit - rss) : free), total };
}
