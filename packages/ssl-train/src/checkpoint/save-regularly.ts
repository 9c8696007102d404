import type { TrainerObserver } from '../observers/trainer-observer.js';

/** The observer behind `checkpoint.everySteps`: asks for a checkpoint after every so many steps. */
export function saveRegularly(everySteps: number): TrainerObserver {
  return {
    onStep: ({ step }, run) => {
      if (step % everySteps === 0) run.save();
    },
  };
}
