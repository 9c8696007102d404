import { readFile } from 'node:fs/promises';
import { endMarkName } from '../engine/end-mark.js';
import { DataError } from '@selfsup/ssl-core';

/** One run of one node. */
export interface NodeEvent {
  /** The node's name in the model. */
  readonly name: string;
  readonly op: string;
  readonly milliseconds: number;
  /** Bytes of its results. */
  readonly bytes: number;
  /** Bytes in use when it had run. */
  readonly inUse: number;
}

/** A profile that the runtime wrote: for each run its length and the nodes of the graph it ran, those of loops' bodies left out. */
export interface RunEvents {
  readonly milliseconds: number;
  readonly nodes: readonly NodeEvent[];
}

interface TraceEvent {
  readonly cat?: string;
  readonly name: string;
  readonly ts: number;
  readonly dur: number;
  readonly args?: Readonly<Record<string, string>>;
}

const suffix = '_kernel_time';

/**
 * Reads a profile of ONNX Runtime (Chrome trace events).
 *
 * @throws DataError when the file is none
 */
export async function readEvents(path: string): Promise<RunEvents[]> {
  let events: readonly TraceEvent[];
  try {
    events = JSON.parse(await readFile(path, 'utf8')) as readonly TraceEvent[];
  } catch (cause) {
    throw new DataError(`is no profile of the runtime: ${(cause as Error).message}`, { path, cause });
  }
  const runs = events.filter(({ name }) => name === 'model_run').sort((a, b) => a.ts - b.ts);
  const isOfGraph = (name: string): boolean => !name.startsWith('body.') && !name.startsWith(endMarkName);
  const nodes = events.filter(({ cat, name }) => cat === 'Node' && name.endsWith(suffix) && isOfGraph(name));
  return runs.map(({ ts, dur }) => ({
    milliseconds: dur / 1000,
    nodes: nodes
      .filter((event) => event.ts >= ts && event.ts < ts + dur)
      .map(({ name, dur: length, args = {} }) => ({
        // The runtime adds the name of its fusion after a slash.
        name: name.slice(0, -suffix.length).split('/')[0]!,
        op: args['op_name'] ?? 'unknown',
        milliseconds: length / 1000,
        bytes: Number(args['output_size'] ?? 0),
        inUse: Number(args['mem_bytes_in_use'] ?? 0),
      })),
  }));
}
