import { epochOf } from './epoch-of.js';
import type { TrainerCheckpointOptions } from './trainer-options.js';

/** What is told when a signal asks a run to stop. */
export function stoppingText(signal: NodeJS.Signals, checkpoint: TrainerCheckpointOptions | undefined): string {
  return checkpoint === undefined
    ? `${signal}: finishing the step. Ctrl-C again to quit at once`
    : `${signal}: finishing the step and saving a checkpoint. Ctrl-C again to quit without saving`;
}

/** Where a run that a signal stopped stands, and the checkpoint that it wrote. */
export interface StoppedRun {
  readonly signal: NodeJS.Signals;
  readonly status: number;
  readonly steps: number;
  readonly totalSteps: number;
  readonly path: string | undefined;
  readonly resume: TrainerCheckpointOptions['resume'];
}

/** What is told when a signal has stopped a run: that it is not finished, and how to go on. */
export function stoppedText({ signal, status, steps, totalSteps, path, resume = true }: StoppedRun): string {
  const exit = `the exit status is ${status}`;
  if (steps === totalSteps) return `${signal} came at the end of the run: all ${totalSteps} steps are done; ${exit}`;
  const same = resume === true || resume === 'latest-good' ? 'the same command' : 'checkpoint.resume: true';
  const way =
    path === undefined
      ? 'Nothing is saved, and the same command starts anew; checkpoint: { dir } saves and goes on'
      : `Saved in ${path}; ${same} goes on from there`;
  return `Not finished: ${steps} of ${totalSteps} steps. ${way}. What this program still does, it does with the weights of step ${steps}; ${exit}`;
}

/**
 * What is told when a program starts another run after one that a signal stopped.
 *
 * @param dir where the other run saves
 */
export function afterStopText(signal: NodeJS.Signals, dir: string | undefined): string {
  const saved =
    dir === undefined ? '' : `, and what it saves in ${dir} would count as finished when the same command goes on`;
  return `${signal} stopped an earlier run of this program before its end: what this one takes from it is not finished either${saved}. To leave later runs out then: if ((await trainer.fit()).interrupted) process.exit()`;
}

/** Where a run was when it was saved. */
export interface ResumedRun {
  readonly step: number;
  readonly totalSteps: number;
  readonly stepsPerEpoch: number;
  readonly path: string;
}

/** What is told when a run goes on from a checkpoint. */
export function resumedText({ step, totalSteps, stepsPerEpoch, path }: ResumedRun): string {
  if (step >= totalSteps)
    return `All ${totalSteps} steps are done already (${path}): nothing is trained. Another checkpoint.dir starts a new run, initFrom one from these weights`;
  const within = step % stepsPerEpoch;
  const totalEpochs = Math.ceil(totalSteps / stepsPerEpoch);
  const epoch =
    within === 0
      ? `epoch ${step / stepsPerEpoch} of ${totalEpochs} is done`
      : `epoch ${epochOf(step, stepsPerEpoch)} of ${totalEpochs}, ${within} of ${stepsPerEpoch} steps`;
  return `The run goes on after step ${step} of ${totalSteps} (${epoch}), from ${path}`;
}
