import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type * as tf from '@tensorflow/tfjs-core';
import { compileWith, settled } from '../compile/compile.js';
import type { CompileOptions, Feeds } from '../compile/compiled-types.js';
import { checkCount, checkOptions, InvalidOptionError, type OptionNames } from '@selfsup/ssl-core';
import type { Origin } from '../graph/graph.js';
import { formatProfile } from './format-profile.js';
import { readEvents, type RunEvents } from './read-events.js';

/** Options of {@link profile}. */
export interface ProfileOptions extends Pick<CompileOptions, 'device' | 'threads' | 'name'> {
  /** Runs that are measured, after two that are not. Default 5. */
  readonly runs?: number;
  /**
   * Files that do not count as the user's: the line that called into them does. For example `/node_modules/` for the
   * lines of one's own model instead of those of the layers it is made of.
   */
  readonly ignore?: RegExp;
}

const profileOptionNames: OptionNames<ProfileOptions> = {
  runs: 'optionalNumber',
  ignore: 'optional',
  device: 'optional',
  threads: 'optionalNumber',
  name: 'optional',
};

/** What one op or one line takes in a run. */
export interface ProfileEntry {
  /** The runtime's op, or 'file:line'. */
  readonly name: string;
  readonly milliseconds: number;
  /** Of `milliseconds`, those that compute the line's gradient. */
  readonly backward: number;
  /** Nodes that ran. */
  readonly nodes: number;
  /** Megabytes of results written. */
  readonly megabytes: number;
}

/** Where the time and the memory of a compiled function go. */
export interface Profile {
  /** Mean of the runs. */
  readonly milliseconds: number;
  /** Most that the runtime's results took at once, megabytes. */
  readonly peakMegabytes: number;
  /** Most costly first; means over the runs. */
  readonly byOp: readonly ProfileEntry[];
  /** Most costly first; means over the runs. */
  readonly byLine: readonly ProfileEntry[];
  /** Two tables, as text. */
  toString(): string;
}

const warmUp = 2;
const unknown: Origin = { kernel: 'unknown', line: 'unknown', backward: false };

/**
 * Compiles a function, runs it some times on the same arguments, and says where the time and the memory go: by op of the
 * runtime, and by line of the code. What computes a gradient counts for the line whose gradient it is.
 *
 * The runs are real: variables that the function assigns have changed afterwards. Measuring makes each node a few
 * microseconds slower.
 *
 * @throws InvalidOptionError for `runs` that is not a positive integer; what {@link compile} throws
 *
 * @example
 * console.log(String(await profile(trainingStep, [images, labels, learningRate], { ignore: /node_modules/ })));
 */
export async function profile<A extends readonly unknown[], R extends tf.TensorContainer | void>(
  fn: (...args: A) => R,
  args: Feeds<A>,
  options: ProfileOptions = {},
): Promise<Profile> {
  if (typeof fn !== 'function') throw new InvalidOptionError('profile', 'fn', 'a function', fn);
  const given: unknown = args;
  if (!Array.isArray(given))
    throw new InvalidOptionError('profile', 'args', 'an array of the arguments', given, 'Write [x]');
  const { runs = 5, ignore, ...engine } = checkOptions('profile', options, profileOptionNames);
  checkCount('profile', { runs });
  const folder = await mkdtemp(join(tmpdir(), 'ssl-profile-'));
  const origins = new Map<string, Origin>();
  try {
    const compiled = compileWith(
      fn,
      { ...engine, profile: join(folder, 'run') },
      {
        origins: ignore === undefined ? {} : { ignore },
        onGraph: (graph) => graph.origins.forEach((origin, node) => origins.set(node, origin)),
      },
    );
    for (let run = 0; run < warmUp + runs; run++) disposeAll(await compiled(...args));
    compiled.dispose();
    await settled();
    const files = await Promise.all((await readdir(folder)).map((file) => readEvents(join(folder, file))));
    return summarise(wholeRuns(files).slice(warmUp), origins);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/**
 * The runs of a step from the files of its parts, which host calls separate. A function that makes variables is traced
 * twice; the files with most runs are the step's.
 */
function wholeRuns(files: readonly (readonly RunEvents[])[]): RunEvents[] {
  const runs = Math.max(0, ...files.map(({ length }) => length));
  const parts = files.filter(({ length }) => length === runs);
  return Array.from({ length: runs }, (_, run) => ({
    milliseconds: parts.reduce((sum, part) => sum + part[run]!.milliseconds, 0),
    nodes: parts.flatMap((part) => part[run]!.nodes),
  }));
}

function disposeAll(result: unknown): void {
  if (typeof result !== 'object' || result === null) return;
  if ('dataId' in result) (result as tf.Tensor).dispose();
  else Object.values(result).forEach(disposeAll);
}

function summarise(runs: readonly RunEvents[], origins: ReadonlyMap<string, Origin>): Profile {
  const byOp = new Map<string, ProfileEntry>();
  const byLine = new Map<string, ProfileEntry>();
  let peak = 0;
  for (const { nodes } of runs) {
    for (const { name, op, milliseconds, bytes, inUse } of nodes) {
      peak = Math.max(peak, inUse);
      const { line, backward } = origins.get(name) ?? unknown;
      const cost = { milliseconds, backward: backward ? milliseconds : 0, nodes: 1, megabytes: bytes / 1e6 };
      add(byOp, op, cost);
      add(byLine, line.replace(/:\d+$/, ''), cost);
    }
  }
  const total = runs.reduce((sum, { milliseconds }) => sum + milliseconds, 0);
  const result = {
    milliseconds: runs.length === 0 ? 0 : total / runs.length,
    peakMegabytes: peak / 1e6,
    byOp: means(byOp, runs.length),
    byLine: means(byLine, runs.length),
  };
  return { ...result, toString: () => formatProfile(result) };
}

function add(entries: Map<string, ProfileEntry>, name: string, cost: Omit<ProfileEntry, 'name'>): void {
  const entry = entries.get(name) ?? { name, milliseconds: 0, backward: 0, nodes: 0, megabytes: 0 };
  entries.set(name, {
    name,
    milliseconds: entry.milliseconds + cost.milliseconds,
    backward: entry.backward + cost.backward,
    nodes: entry.nodes + cost.nodes,
    megabytes: entry.megabytes + cost.megabytes,
  });
}

const means = (totals: ReadonlyMap<string, ProfileEntry>, runs: number): ProfileEntry[] =>
  [...totals.values()]
    .map(({ name, milliseconds, backward, nodes, megabytes }) => ({
      name,
      milliseconds: milliseconds / runs,
      backward: backward / runs,
      nodes: nodes / runs,
      megabytes: megabytes / runs,
    }))
    .sort((a, b) => b.milliseconds - a.milliseconds);
