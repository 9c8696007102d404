import { checkPath } from '@selfsup/ssl-core/files';
import type { Module } from '@selfsup/ssl-nn';
import { checkInteger, compileOptionNames, engineThreads, type Stateful } from '@selfsup/ssl-tensor';
import { checkOptions, InvalidOptionError } from '@selfsup/ssl-tensor/host';
import type { RunConfig } from '../checkpoint/run-config.js';
import type { TrainerObserver } from '../observers/trainer-observer.js';
import type { OptimizedParameter } from '../optimizers/parameter-group.js';
import type { Schedule } from '../schedules/schedule.js';
import type { GradientStage } from '../stages/gradient-stage.js';
import { Ema, type EmaBuffers, type EmaPair } from '../step/ema.js';
import type { Method, RunShape } from '../step/method.js';
import type { UpdatedVariables } from '../step/skippable-update.js';
import type { FollowingPair, StepNumbers } from '../step/training-step.js';
import { checkJson } from './check-json.js';
import { checkLoader, checkMethod, checkObservers, checkOptimizer, checkProgress, checkStages } from './check-parts.js';
import { momentumName, phaseOf, plannedSchedules, scheduledValues } from './planned-schedules.js';
import { savedModules, updatedVariables } from './saved-modules.js';
import {
  trainerCheckpointOptionNames,
  trainerDefaults,
  trainerEmaOptionNames,
  trainerOptionNames,
  type TrainerCheckpointOptions,
  type TrainerOptions,
} from './trainer-options.js';

/** Options of a Trainer, checked and with everything that follows from them. */
export interface RunPlan<B> {
  readonly options: TrainerOptions<B>;
  readonly accumulateSteps: number;
  readonly stepsPerEpoch: number;
  readonly totalSteps: number;
  readonly logEvery: number;
  readonly keepCheckpoints: number;
  /**
   * By name: `learningRate`, the optimiser's, `emaMomentum` where something follows, and `values.<name>` of the method.
   */
  readonly schedules: Readonly<Record<string, Schedule>>;
  /** Values of all schedules, and the phase, of a step counted from 0. */
  readonly numbersAt: (step: number) => Pick<StepNumbers, 'scalars' | 'phase'>;
  readonly ema: readonly FollowingPair[];
  readonly stages: readonly GradientStage[];
  /** What the method keeps from step to step. */
  readonly state: Readonly<Record<string, Stateful>>;
  /** What gradient stages keep, by their names. */
  readonly stageStates: Readonly<Record<string, Stateful>>;
  readonly variables: UpdatedVariables;
  /** What a checkpoint holds: the method's modules, and EMA targets that are not among them. */
  readonly modules: Readonly<Record<string, Module>>;
  readonly observers: readonly TrainerObserver[];
  readonly config: RunConfig;
}

const where = 'Trainer';

/** Checks a Trainer's options; throws InvalidOptionError. */
export function planRun<B>(given: TrainerOptions<B>): RunPlan<B> {
  const options = checkOptions(where, given, trainerOptionNames);
  const { method, loader, optimizer, epochs, steps, seed, checkpoint } = options;
  const { accumulateSteps = trainerDefaults.accumulateSteps, logEvery = trainerDefaults.logEvery } = options;
  if ((epochs === undefined) === (steps === undefined))
    throw new InvalidOptionError(where, 'epochs', 'given, or steps, and not both', `epochs ${epochs}, steps ${steps}`);
  if (epochs !== undefined) checkInteger(where, 'epochs', epochs, 1);
  if (steps !== undefined) checkInteger(where, 'steps', steps, 1);
  if (!Number.isSafeInteger(seed)) throw new InvalidOptionError(where, 'seed', 'a safe integer', seed);
  checkInteger(where, 'accumulateSteps', accumulateSteps, 1);
  checkInteger(where, 'logEvery', logEvery, 1);
  checkMethod(method);
  checkLoader(loader);
  checkOptimizer(optimizer);
  checkProgress(options.progress);
  checkInteger(where, 'loader.batchesPerEpoch', loader.batchesPerEpoch, 1);
  if (options.logFile !== undefined) checkPath(where, 'logFile', options.logFile);
  checkChoices(options);
  if (options.config !== undefined) checkJson('config', options.config);
  checkCheckpoint(checkpoint);
  const { initFrom } = options;
  if (initFrom !== undefined && (typeof initFrom !== 'string' || initFrom === ''))
    throw new InvalidOptionError(where, 'initFrom', 'a checkpoint or a directory with checkpoints', initFrom);
  checkCompute(options);
  const stepsPerEpoch = Math.floor(loader.batchesPerEpoch / accumulateSteps);
  if (stepsPerEpoch === 0)
    throw new InvalidOptionError(
      where,
      'accumulateSteps',
      `at most the batches of an epoch (${loader.batchesPerEpoch})`,
      accumulateSteps,
    );
  checkTrainable(method, optimizer.parameters);

  const observers = Array.isArray(options.observers)
    ? (options.observers as readonly TrainerObserver[])
    : options.observers === undefined
      ? []
      : [options.observers as TrainerObserver];
  checkObservers(observers);
  const stages = options.gradientStages ?? [];
  checkStages(stages);
  const totalSteps = steps ?? epochs! * stepsPerEpoch;
  const shape: RunShape = { totalSteps, stepsPerEpoch };
  const pairs = method.emaPairs?.(shape) ?? [];
  const ema = pairs.map((pair, index) => ({
    ema: new Ema([pair], options.ema?.buffers === undefined ? {} : { buffers: options.ema.buffers }),
    momentum: momentumName(pair, index),
  }));
  const schedules = plannedSchedules(options, shape, pairs);
  const state = method.state ?? {};
  const stageStates = Object.fromEntries(
    stages.flatMap(({ name, state: kept }) => (kept === undefined ? [] : [[name, kept] as const])),
  );
  const modules = savedModules(method.modules, pairs);
  return {
    options,
    accumulateSteps,
    stepsPerEpoch,
    totalSteps,
    logEvery,
    keepCheckpoints: checkpoint?.keep ?? trainerDefaults.keepCheckpoints,
    schedules,
    numbersAt: (step) => ({ scalars: scheduledValues(schedules, step), phase: phaseOf(method, step, shape) }),
    ema,
    stages,
    state,
    stageStates,
    modules,
    variables: updatedVariables(modules, state, optimizer),
    observers,
    config: {
      method: method.name,
      settings: (method.settings as RunConfig | undefined) ?? {},
      seed,
      batchesPerEpoch: loader.batchesPerEpoch,
      accumulateSteps,
      gradientStages: stages.map(({ name, settings }) => ({ ...settings, name })),
      optimizer: optimizer.settings,
      parameterGroups: describeGroups(optimizer.parameters),
      emaBuffers: emaBuffers(pairs, options.ema?.buffers),
      config: options.config ?? {},
    },
  };
}

/** What happens to the pairs' buffers: in one word where it is the same for all. */
function emaBuffers(pairs: readonly EmaPair[], usual: EmaBuffers = 'average'): EmaBuffers | EmaBuffers[] | null {
  const all = pairs.map(({ buffers }) => buffers ?? usual);
  return new Set(all).size > 1 ? all : (all[0] ?? null);
}

function checkCheckpoint(checkpoint: TrainerCheckpointOptions | undefined): void {
  if (checkpoint === undefined) return;
  checkOptions(where, checkpoint, trainerCheckpointOptionNames, 'checkpoint');
  checkPath(where, 'checkpoint.dir', checkpoint.dir);
  const { resume } = checkpoint;
  if (resume === '' || (resume !== undefined && typeof resume !== 'boolean' && typeof resume !== 'string'))
    throw new InvalidOptionError(where, 'checkpoint.resume', "true, false, 'latest-good' or a path", checkpoint.resume);
  if (checkpoint.everySteps !== undefined) checkInteger(where, 'checkpoint.everySteps', checkpoint.everySteps, 1);
  if (checkpoint.keep !== undefined) checkInteger(where, 'checkpoint.keep', checkpoint.keep, 1);
}

/** Options that are one of few values, of which any other would be taken for one. */
function checkChoices<B>({ zeroRate, memory, signal, ema, compile }: TrainerOptions<B>): void {
  if (zeroRate !== undefined && zeroRate !== 'refuse' && zeroRate !== 'allow')
    throw new InvalidOptionError(where, 'zeroRate', "'refuse' or 'allow'", zeroRate);
  if (memory !== undefined && memory !== 'refuse' && memory !== 'warn')
    throw new InvalidOptionError(where, 'memory', "'refuse' or 'warn'", memory);
  if (signal !== undefined && typeof (signal as AbortSignal | null)?.aborted !== 'boolean')
    throw new InvalidOptionError(where, 'signal', 'an AbortSignal (the signal of an AbortController)', signal);
  if (ema !== undefined) {
    const { buffers } = checkOptions(where, ema, trainerEmaOptionNames, 'ema');
    if (buffers !== undefined && buffers !== 'average' && buffers !== 'copy' && buffers !== 'keep')
      throw new InvalidOptionError(where, 'ema.buffers', "'average', 'copy' or 'keep'", buffers);
  }
  if (compile !== undefined) checkOptions(where, compile, compileOptionNames, 'compile');
}

/** Options of `compile()` that also stand for themselves must not say two things. */
function checkCompute<B>({ threads, deterministic, compile }: TrainerOptions<B>): void {
  for (const [name, own, inner] of [
    ['threads', threads, compile?.threads],
    ['deterministic', deterministic, compile?.deterministic],
  ] as const)
    if (own !== undefined && inner !== undefined && own !== inner)
      throw new InvalidOptionError(where, name, `the same as compile.${name} (${inner}), or given once`, own);
  engineThreads(computeOptions({ threads, deterministic, compile }));
}

/** Threads and determinism as the options ask for them. */
export function computeOptions<B>({
  threads,
  deterministic,
  compile,
}: { readonly [name in 'threads' | 'deterministic' | 'compile']?: TrainerOptions<B>[name] | undefined }): {
  threads?: number;
  deterministic?: boolean;
} {
  const [asked, same] = [threads ?? compile?.threads, deterministic ?? compile?.deterministic];
  return { ...(asked === undefined ? {} : { threads: asked }), ...(same === undefined ? {} : { deterministic: same }) };
}

/** The optimiser must hold what the method declares: a parameter forgotten by either would silently not train. */
function checkTrainable<B>(method: Method<B>, optimized: readonly OptimizedParameter[]): void {
  const declared = new Map([...method.trainable()].map(([name, { variable }]) => [variable, name]));
  const held = new Set(optimized.map(({ variable }) => variable));
  const forgotten = [...declared].filter(([variable]) => !held.has(variable)).map(([, name]) => name);
  const foreign = optimized.filter(({ variable }) => !declared.has(variable)).map(({ name }) => name);
  if (forgotten.length + foreign.length === 0) return;
  const list = (names: readonly string[]): string =>
    names.slice(0, 5).join(', ') + (names.length > 5 ? ` and ${names.length - 5} more` : '');
  const problems = [
    ...(forgotten.length > 0 ? [`without ${list(forgotten)}`] : []),
    ...(foreign.length > 0 ? [`with ${list(foreign)}, which the method does not train`] : []),
  ];
  throw new InvalidOptionError(
    where,
    'optimizer',
    "over exactly the parameters of the method's trainable()",
    `one ${problems.join(' and ')}`,
  );
}

/** Groups as text: how many parameters have which settings. */
function describeGroups(parameters: readonly OptimizedParameter[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { learningRate, learningRateScale, weightDecay, adapts } of parameters) {
    const rate = learningRate === 'learningRate' ? 'rate' : `rate ${learningRate}`;
    const group = `${rate} x ${learningRateScale}, weight decay ${weightDecay}${adapts ? ', adapting' : ''}`;
    counts[group] = (counts[group] ?? 0) + 1;
  }
  return counts;
}
