import {
  AdamW,
  type BatchLoader,
  decayEverything,
  type HistoryEntry,
  type Method,
  type ParameterGroup,
  type Schedule,
  Trainer,
} from '@selfsup/ssl-train';
import { TimedSteps } from './timed-steps.js';

/** How a run goes. */
export interface TrainOptions {
  readonly steps: number;
  readonly schedule: Schedule;
  readonly seed: number;
  readonly threads: number;
  /** Decay of the moments. Default that of pretraining. */
  readonly betas?: readonly [number, number];
  /** Default: all that the method trains. */
  readonly groups?: readonly ParameterGroup[];
}

/** Decay of the moments and of the weights in pretraining: the demo's. */
export const adamW = { betas: [0.9, 0.98], weightDecay: 0.01 } as const;

/** Trains by AdamW, and tells the times of the updates and the log. */
export async function train<B>(
  method: Method<B, string>,
  loader: BatchLoader<B>,
  { steps, schedule, seed, threads, groups, betas = adamW.betas }: TrainOptions,
): Promise<{ readonly timed: TimedSteps; readonly history: readonly HistoryEntry[] }> {
  const timed = new TimedSteps();
  const trainer = new Trainer({
    method,
    loader,
    optimizer: new AdamW(groups ?? [{ parameters: method.trainable() }], {
      ...adamW,
      betas,
      decayFilter: decayEverything,
    }),
    schedule,
    steps,
    seed,
    threads,
    progress: 'silent',
    observers: timed,
  });
  const { interrupted, history } = await trainer.fit();
  if (interrupted) throw new Error('interrupted');
  return { timed, history };
}
