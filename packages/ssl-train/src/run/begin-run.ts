import { chooseDevice, engineThreads } from '@selfsup/ssl-tensor';
import type { RunCheckpoints } from '../checkpoint/run-checkpoints.js';
import { runEnvironment } from '../checkpoint/run-environment.js';
import type { RunLog } from '../observers/logging/run-log.js';
import type { RunInfo } from '../observers/trainer-observer.js';
import { checkRates } from './check-rates.js';
import { initialise } from './initialise.js';
import { restoredNotes } from './restored-notes.js';
import type { RunObservers } from './run-observers.js';
import { computeOptions, type RunPlan } from './run-plan.js';
import type { RunState } from './run-state.js';
import type { RunStop } from './run-stop.js';

/** The parts of a run that know something of its start. */
export interface BeginningRun<B> {
  readonly plan: RunPlan<B>;
  readonly state: RunState;
  readonly checkpoints: RunCheckpoints<B>;
  readonly observers: RunObservers;
  readonly log: RunLog | undefined;
  readonly stop: RunStop;
}

/** How a run begins. */
export interface RunStart {
  readonly info: RunInfo;
  /** What the step computes with. */
  readonly compute: { readonly threads: number; readonly deterministic?: boolean };
}

/** Takes over what a checkpoint has, or weights of another run, and opens the log. */
export async function beginRun<B>(run: BeginningRun<B>): Promise<RunStart> {
  const { plan, state, checkpoints, observers, log, stop } = run;
  const { options, totalSteps, stepsPerEpoch, config } = plan;
  const restored = await checkpoints.restore();
  const asked = computeOptions(options);
  const before = restored?.record.environment;
  const threads = engineThreads({
    ...(before === undefined || asked.deterministic === true ? {} : { threads: before.threads }),
    ...asked,
  });
  const environment = (state.environment = runEnvironment(chooseDevice(options.compile?.device).device, threads));
  if (restored !== undefined) {
    state.takeOver(restored);
    observers.restore(restored.record.observers ?? {}, restored.path);
    restoredNotes(restored, environment).forEach((text) => observers.note(text));
  } else if (options.initFrom !== undefined) observers.note(await initialise(options.initFrom, plan));
  checkRates(plan, state.step).forEach((text) => observers.note(text));
  const earlier = stop.earlier();
  if (earlier !== undefined) observers.note(earlier);
  // A step that was not told of to the end is told of again.
  const missing = await log?.open(state.pending === 'step' ? state.step - 1 : state.step);
  if (missing !== undefined) observers.note(missing);
  const info = {
    method: options.method.name,
    seed: options.seed,
    startStep: state.step,
    totalSteps,
    stepsPerEpoch,
    config,
    environment,
    ...(restored === undefined ? {} : { from: restored.path }),
    history: restored?.history ?? [],
    evaluations: restored?.record.evaluations ?? [],
  };
  return { info, compute: { ...asked, threads } };
}
