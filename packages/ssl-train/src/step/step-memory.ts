import type { MemoryPlan } from '@selfsup/ssl-tensor';
import { bytesText } from '../observers/progress/status-text.js';
import type { MachineMemory } from './machine-memory.js';
import { NotEnoughMemoryError } from './not-enough-memory-error.js';

/** What decides a run's memory beside the graph of its step. */
export interface StepShape {
  /** Samples of a batch; 0 where unknown. */
  readonly batchSize: number;
  readonly accumulateSteps: number;
  /** Whether the state is copied to be saved. */
  readonly savesState: boolean;
}

/** How much the engine takes for what is in use at once: its blocks do not fit without gaps (docs/performance.md). */
const gaps = 1.25;
/** Copies of a constant: ours, the model's bytes, those that the runtime reads, and its own. */
const copies = 4;
/** Beyond this part of the whole memory no swap helps. */
const hopeless = 1.5;

/** The graphs of one update: an only one, or those of the first, a middle and the last batch, each with its own memory. */
const graphsOf = (accumulateSteps: number): number => Math.min(accumulateSteps, 3);

/** What the process will take at most, in bytes, from what it has before the step is built. */
export function estimatePeak(
  { workspace, state, assigned, constants, data }: MemoryPlan,
  { accumulateSteps, savesState }: StepShape,
  used: number,
): number {
  const graphs = graphsOf(accumulateSteps);
  return used + graphs * (gaps * workspace + copies * constants + data) + assigned + (savesState ? state : 0);
}

/** What to say of the memory that a step will take. */
export interface MemoryVerdict {
  readonly peak: number;
  readonly text: string;
  /** Whether the machine may not have it. */
  readonly isTight: boolean;
}

/**
 * Compares what a step will take with what there is.
 *
 * @throws NotEnoughMemoryError when it is 1.5 times all that there is, and `refuse` is set
 */
export function judgeMemory(
  plan: MemoryPlan,
  shape: StepShape,
  machine: MachineMemory,
  refuse: boolean,
): MemoryVerdict {
  const peak = estimatePeak(plan, shape, machine.used);
  const step = bytesText(graphsOf(shape.accumulateSteps) * gaps * plan.workspace);
  const needs = `about ${bytesText(peak)} of memory (${step} for what a step computes, ${bytesText(plan.state + plan.assigned)} for weights and optimiser)`;
  if (refuse && peak > hopeless * machine.total)
    throw new NotEnoughMemoryError(
      `the training would take ${needs}, and there are ${bytesText(machine.total)} in all. ${advice(plan, shape, machine)}. memory: 'warn' tries all the same`,
      { needed: peak, total: machine.total },
    );
  const isTight = peak - machine.used > machine.free;
  return {
    peak,
    isTight,
    text: isTight
      ? `the training will take ${needs}, and only ${bytesText(machine.used + machine.free)} can be had: it may become very slow, or be ended by the system. ${advice(plan, shape, machine)}`
      : `${needs}; ${bytesText(machine.free)} are free`,
  };
}

/** What makes a step smaller; batch sizes only where they help enough. */
function advice(plan: MemoryPlan, shape: StepShape, machine: MachineMemory): string {
  const ways = [
    'smaller pictures or shorter texts',
    'a smaller network',
    'checkpoint() of @selfsup/ssl-tensor around the blocks of a model of your own',
  ];
  const smaller = smallerBatch(plan, shape, machine);
  if (smaller !== undefined)
    ways.unshift(
      `batchSize ${smaller.batchSize} with accumulateSteps ${smaller.accumulateSteps} (about ${bytesText(smaller.peak)}; as many samples an update, though batch normalisation and contrastive losses see fewer at a time)`,
    );
  return `What helps: ${ways.join('; ')}`;
}

/** The largest batch that fits, by halves, where as many samples make an update as before. */
function smallerBatch(
  plan: MemoryPlan,
  shape: StepShape,
  { used, free }: MachineMemory,
): { readonly batchSize: number; readonly accumulateSteps: number; readonly peak: number } | undefined {
  for (let parts = 2; parts * 2 <= shape.batchSize; parts *= 2) {
    if (shape.batchSize % parts !== 0) return undefined;
    const accumulateSteps = shape.accumulateSteps * parts;
    const part: MemoryPlan = { ...plan, workspace: plan.workspace / parts };
    // Sums of gradients, where there were none: as large as the weights, of which the optimiser's state is at least half.
    const sums = shape.accumulateSteps === 1 ? plan.state / 2 : 0;
    const peak = estimatePeak(part, { ...shape, accumulateSteps }, used) + sums;
    if (peak - used <= free) return { batchSize: shape.batchSize / parts, accumulateSteps, peak };
  }
  return undefined;
}
