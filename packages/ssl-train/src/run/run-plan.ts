import { checkPath } from '@selfsup/ssl-core/files';
import type * as tf from '@tensorflow/tfjs-core';
import { checkInteger, checkNumber, compileOptionNames, engineThreads } from '@selfsup/ssl-tensor';
import { checkOptions, InvalidOptionError } from '@selfsup/ssl-tensor/host';
import type { Module } from '@selfsup/ssl-nn';
import type { RunConfig } from '../checkpoint/run-config.js';
import { Ema } from '../step/ema.js';
import type { OptimizedParameter } from '../optimizers/parameter-group.js';
import { constant } from '../schedules/constant.js';
import { cosine } from '../schedules/cosine.js';
import { scheduledValue } from '../step/scheduled-value.js';
import { checkCallbacks, checkLoader, checkMethod, checkOptimizer, checkProgress } from './check-parts.js';
import type { Schedule } from '../schedules/schedule.js';
import type { Method } from '../step/method.js';
import type { TrainerCallbacks } from '../observers/trainer-callbacks.js';
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
  /** By name: `learningRate`, and `emaMomentum` where something follows. */
  readonly schedules: Readonly<Record<string, Schedule>>;
  readonly ema: Ema | undefined;
  /** What a checkpoint holds: the method's modules, and EMA targets that are not among them. */
  readonly modules: Readonly<Record<string, Module>>;
  readonly callbacks: readonly TrainerCallbacks[];
  readonly config: RunConfig;
}

const where = 'Trainer';

/** Checks a Trainer's options; throws InvalidOptionError. */
export function planRun<B>(given: TrainerOptions<B>): RunPlan<B> {
  const options = checkOptions(where, given, trainerOptionNames);
  const { method, loader, optimizer, epochs, steps, seed, clipNorm, checkpoint, callbacks = [] } = options;
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
  if (clipNorm !== undefined && !(clipNorm > 0))
    throw new InvalidOptionError(where, 'clipNorm', 'a number > 0', clipNorm);
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

  const hooks = Array.isArray(callbacks) ? (callbacks as readonly TrainerCallbacks[]) : [callbacks as TrainerCallbacks];
  checkCallbacks(hooks);
  const totalSteps = steps ?? epochs! * stepsPerEpoch;
  const pairs = method.emaPairs?.() ?? [];
  const ema =
    pairs.length === 0
      ? undefined
      : new Ema(pairs, options.ema?.buffers === undefined ? {} : { buffers: options.ema.buffers });
  const learningRate = asSchedule('schedule', options.schedule);
  const emaMomentum = asSchedule(
    'ema.momentum',
    options.ema?.momentum ?? cosine({ base: trainerDefaults.emaMomentum, totalSteps, final: 1 }),
    1,
  );
  return {
    options,
    accumulateSteps,
    stepsPerEpoch,
    totalSteps,
    logEvery,
    keepCheckpoints: checkpoint?.keep ?? trainerDefaults.keepCheckpoints,
    schedules: ema === undefined ? { learningRate } : { learningRate, emaMomentum },
    ema,
    modules: savedModules(
      method.modules,
      pairs.map(({ target }) => target),
    ),
    callbacks: hooks,
    config: {
      method: method.name,
      seed,
      batchesPerEpoch: loader.batchesPerEpoch,
      accumulateSteps,
      clipNorm: clipNorm ?? null,
      optimizer: optimizer.settings,
      parameterGroups: describeGroups(optimizer.parameters),
      emaBuffers: ema === undefined ? null : (options.ema?.buffers ?? 'average'),
      config: options.config ?? {},
    },
  };
}

/** What JSON drops or refuses would be missing from every comparison, or end the run when its first checkpoint is due. */
function checkJson(option: string, value: unknown): void {
  if (value === null || typeof value === 'string' || typeof value === 'boolean' || Number.isFinite(value)) return;
  const isRecord = typeof value === 'object' && [Object.prototype, null].includes(Object.getPrototypeOf(value) as null);
  if (!isRecord && !Array.isArray(value)) {
    const expected = 'JSON: text, finite numbers, true, false, null, arrays and records of them';
    throw new InvalidOptionError(where, option, expected, value);
  }
  for (const [name, item] of Object.entries(value as object))
    if (item !== undefined) checkJson(`${option}.${name}`, item);
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

function asSchedule(option: string, value: number | Schedule, most?: number): Schedule {
  if (typeof value === 'number') {
    checkNumber(where, option, value, 0, most);
    return constant(value);
  }
  if (typeof value !== 'function') {
    const advice = 'Such as 1e-3, or warmupCosine({ base: 1e-3, warmupSteps: 100, totalSteps: 1000 })';
    throw new InvalidOptionError(where, option, 'a number, or a function of the step', value, advice);
  }
  // Before anything is computed: most schedules that are wrong are so from the first step.
  scheduledValue(option, value, 0, most);
  return value;
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

const variablesOf = (module: Module): tf.Variable[] =>
  [...module.namedParameters().values(), ...module.namedBuffers().values()].map(({ variable }) => variable);

function savedModules(modules: Readonly<Record<string, Module>>, targets: readonly Module[]): Record<string, Module> {
  const saved = { ...modules };
  const covered = new Set(Object.values(modules).flatMap(variablesOf));
  targets.forEach((target, index) => {
    if (variablesOf(target).some((variable) => !covered.has(variable))) saved[`ema-target-${index}`] = target;
  });
  return saved;
}

/** Groups as text: how many parameters have which settings. */
function describeGroups(parameters: readonly OptimizedParameter[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { learningRateScale, weightDecay } of parameters) {
    const group = `rate x ${learningRateScale}, weight decay ${weightDecay}`;
    counts[group] = (counts[group] ?? 0) + 1;
  }
  return counts;
}
