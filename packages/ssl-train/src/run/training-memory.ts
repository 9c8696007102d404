import { keyArray, type MemoryPlan } from '@selfsup/ssl-tensor';
import { DataError, randomKey, SslError } from '@selfsup/ssl-tensor/host';
import { machineMemory } from '../step/machine-memory.js';
import { sampleCount } from '../step/sample-count.js';
import { estimatePeak } from '../step/step-memory.js';
import { TrainingStep } from '../step/training-step.js';
import { batchesOf } from './batches-of.js';
import { planRun } from './run-plan.js';
import type { TrainerOptions } from './trainer-options.js';

/** What training would take of this machine's memory, in bytes. */
export interface TrainingMemory {
  /** Samples of a batch. */
  readonly batchSize: number;
  /** What this process has and can have without swapping. */
  readonly available: number;
  /** What it would take at most with batches of so many samples: an estimate, within some 20 %. */
  readonly peak: (batchSize: number) => number;
}

/** Ends a trace once the memory is known. */
class MemoryKnown extends SslError {
  static override readonly code: string = 'SSL_MEMORY_KNOWN';
}

/**
 * Estimates what a Trainer with these options would take, from the graph of its step and its loader's first batch. No
 * memory of the step is taken, nothing is trained, no file is written. For the device `cpu`.
 *
 * @throws as the Trainer's constructor; DataError for a loader without batches; what the loader and the method throw
 */
export async function trainingMemory<B>(options: TrainerOptions<B>): Promise<TrainingMemory> {
  const plan = planRun(options);
  const { accumulateSteps, ema, numbersAt } = plan;
  let memory: MemoryPlan | undefined;
  const step = new TrainingStep({
    ...plan,
    ...options,
    accumulateSteps,
    ema,
    compile: {
      ...options.compile,
      onTrace: (known) => {
        memory = known;
        throw new MemoryKnown('the memory of the step is known');
      },
    },
  });
  try {
    for await (const batch of batchesOf(options.loader, 0, 0)) {
      await step.run(batch, 0, { ...numbersAt(0), key: keyArray(randomKey(options.seed)) }).catch((error: unknown) => {
        if (!MemoryKnown.isInstance(error)) throw error;
      });
      const batchSize = sampleCount(batch);
      const { used, free } = machineMemory();
      const savesState = options.checkpoint !== undefined;
      return {
        batchSize,
        available: used + free,
        peak: (rows) => {
          const share = rows / batchSize;
          const scaled = { ...memory!, workspace: share * memory!.workspace, data: share * memory!.data };
          return estimatePeak(scaled, { batchSize: rows, accumulateSteps, savesState }, used);
        },
      };
    }
  } finally {
    step.dispose();
  }
  throw new DataError('trainingMemory: the loader has no batch');
}
