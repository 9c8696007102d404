import type * as tf from '@tensorflow/tfjs-core';
import { planMemory } from '../graph/plan-memory.js';
import { bytesOf, type Value } from '../graph/value.js';
import type { MemoryPlan } from './compiled-types.js';
import type { Segment } from './partition.js';
import type { LeafSpec, Recording } from './run-trace.js';

const sum = (sizes: readonly number[]): number => sizes.reduce((total, size) => total + size, 0);

/** What a recording will take when it runs. The graphs of its segments keep their memory side by side. */
export function memoryOf(
  { trace, assigned }: Recording<unknown>,
  { segments, specs, results }: MemoryParts,
): MemoryPlan {
  const models = segments.map(({ outputs }) => planMemory([...outputs.values()]));
  // What passes from segment to segment lies beside them.
  const passed = segments.slice(0, -1).flatMap(({ outputs }) => [...outputs.values()].map(bytesOf));
  const state = new Map<tf.Variable, Value>([...assigned, ...trace.states]);
  return {
    workspace: sum(models.map(({ workspace }) => workspace)) + sum(passed),
    state: sum([...state.values()].map(bytesOf)),
    assigned: sum([...assigned.values()].map(bytesOf)),
    constants: sum(models.map(({ constants }) => constants)),
    data: sum(specs.map(bytesOf)) + sum(results.map(bytesOf)),
  };
}

interface MemoryParts {
  readonly segments: readonly Segment[];
  readonly specs: readonly LeafSpec[];
  readonly results: readonly Value[];
}
