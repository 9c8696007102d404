import { arch, availableParallelism, cpus, release, totalmem, type } from 'node:os';

/** Where a run took place. */
export interface Machine {
  readonly cpu: string;
  /** Cores that the process may use. */
  readonly cores: number;
  /** GiB. */
  readonly memory: number;
  readonly os: string;
}

/** This machine. */
export function machine(): Machine {
  return {
    cpu: cpus()[0]?.model.trim() || 'unknown',
    cores: availableParallelism(),
    memory: Math.round((totalmem() / 2 ** 30) * 10) / 10,
    os: `${type()} ${release()} ${arch()}`,
  };
}
