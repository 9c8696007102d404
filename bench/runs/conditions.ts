import { cpus, loadavg } from 'node:os';

/** Under what a run was made. */
export interface Conditions {
  /** Mean number of processes that wanted a core in the minute before. */
  readonly load: number;
  readonly processor: string;
  readonly date: string;
}

/** The conditions now. */
export const conditions = (): Conditions => ({
  load: Number(loadavg()[0]!.toFixed(1)),
  processor: `${cpus().length} x ${cpus()[0]?.model ?? 'unknown'}`,
  date: new Date().toISOString().slice(0, 10),
});
