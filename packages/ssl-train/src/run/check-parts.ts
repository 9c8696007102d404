import { checkOptions, InvalidOptionError, type OptionNames, suggestion } from '@selfsup/ssl-tensor/host';
import type { TrainerObserver } from '../observers/trainer-observer.js';
import type { GradientStage } from '../stages/gradient-stage.js';
import { checkJson } from './check-json.js';
import { checkObserverNames } from './check-observer-names.js';

const where = 'Trainer';

type Parts = Readonly<Record<string, unknown>>;

const hasFunctions = (value: unknown, names: readonly string[]): boolean =>
  typeof value === 'object' && value !== null && names.every((name) => typeof (value as Parts)[name] === 'function');

/** What else was given in the place of a part; a class where its instance belongs is the mistake that is made most. */
const instead = (value: unknown, advice: string): string =>
  typeof value === 'function' ? `Make one: new ${value.name || 'Class'}(...)` : advice;

/** @throws InvalidOptionError unless it has what a method has */
export function checkMethod(method: unknown): void {
  const advice = 'A method has name, modules, trainable() and loss(batch, ctx), as SimClr of @selfsup/ssl-vision does';
  if (!hasFunctions(method, ['trainable', 'loss']))
    throw new InvalidOptionError(where, 'method', 'a method', method, instead(method, advice));
  const { name, modules } = method as Parts;
  if (typeof name !== 'string' || name === '')
    throw new InvalidOptionError(where, 'method.name', 'a name', name, advice);
  if (typeof modules !== 'object' || modules === null || modules instanceof Map || Array.isArray(modules))
    throw new InvalidOptionError(where, 'method.modules', 'modules by name, { backbone, head }', modules);
  for (const [key, module] of Object.entries(modules)) {
    if (!/^[\w-]+$/.test(key))
      throw new InvalidOptionError(where, 'method.modules', 'named with letters, digits, _ and -', key);
    if (!hasFunctions(module, ['namedParameters', 'namedBuffers', 'stateDict']))
      throw new InvalidOptionError(where, `method.modules.${key}`, 'a Module of @selfsup/ssl-nn', module);
  }
  const { settings, state = {} } = method as Parts;
  if (settings !== undefined) checkJson('method.settings', settings);
  if (typeof state !== 'object' || state === null || state instanceof Map || Array.isArray(state))
    throw new InvalidOptionError(where, 'method.state', 'queues, centres and the like by name, { queue }', state);
  for (const [key, part] of Object.entries(state as Parts)) {
    if (!/^[\w-]+$/.test(key))
      throw new InvalidOptionError(where, 'method.state', 'named with letters, digits, _ and -', key);
    const { buffers } = (part ?? {}) as Parts;
    if (typeof buffers !== 'object' || buffers === null)
      throw new InvalidOptionError(where, `method.state.${key}`, 'a Stateful, with variables by name in buffers', part);
  }
}

/** @throws InvalidOptionError unless it has what a loader has */
export function checkLoader(loader: unknown): void {
  const isDataset = hasFunctions(loader, ['get']);
  const advice = isDataset
    ? 'A data set becomes one by new DataLoader({ dataset, views, batchSize })'
    : 'A loader has batchesPerEpoch, epoch(epoch, fromBatch) and close(), as DataLoader of @selfsup/ssl-data does';
  if (!hasFunctions(loader, ['epoch']))
    throw new InvalidOptionError(where, 'loader', 'a loader', loader, instead(loader, advice));
}

/** @throws InvalidOptionError unless it has what an optimiser has */
export function checkOptimizer(optimizer: unknown): void {
  if (hasFunctions(optimizer, ['apply', 'stateDict']) && Array.isArray((optimizer as Parts)['parameters'])) return;
  const advice = 'Such as new AdamW([{ parameters: method.trainable() }])';
  throw new InvalidOptionError(where, 'optimizer', 'an Optimizer', optimizer, instead(optimizer, advice));
}

const progressNames = ['auto', 'bar', 'lines', 'silent'];

/** @throws InvalidOptionError unless it is a name of a display, or has what a reporter has */
export function checkProgress(progress: unknown): void {
  if (progress === undefined || progressNames.includes(progress as string)) return;
  if (hasFunctions(progress, ['start', 'update', 'note', 'stop'])) return;
  const nearest = typeof progress === 'string' ? suggestion(progress, progressNames) : '';
  const expected = `'auto', 'bar', 'lines', 'silent' or a ProgressReporter${nearest}`;
  throw new InvalidOptionError(where, 'progress', expected, progress);
}

const observerNames: OptionNames<TrainerObserver> = {
  name: 'optional',
  onStart: 'optionalFunction',
  onBatch: 'optionalFunction',
  onStep: 'optionalFunction',
  onEpochEnd: 'optionalFunction',
  onEvaluation: 'optionalFunction',
  onNote: 'optionalFunction',
  onCheckpoint: 'optionalFunction',
  onEnd: 'optionalFunction',
  explain: 'optionalFunction',
  onError: 'optionalFunction',
  state: 'optionalFunction',
  restore: 'optionalFunction',
};

/**
 * A record of hooks is checked by its names. An instance of a class may have fields of its own; what begins with `on` is
 * taken for a hook.
 *
 * @throws InvalidOptionError for a hook that is not known or no function, and for names that are missing or not unique
 */
export function checkObservers(observers: readonly TrainerObserver[]): void {
  observers.forEach((given, index) => {
    const option = observers.length === 1 ? 'observers' : `observers[${index}]`;
    const prototype: unknown =
      typeof given === 'object' && given !== null ? Object.getPrototypeOf(given) : Object.prototype;
    const isRecord = prototype === Object.prototype || prototype === null;
    const own = isRecord
      ? given
      : Object.fromEntries(
          [...Object.keys(given), ...Object.getOwnPropertyNames(prototype)]
            .filter((name) => /^on[A-Z]/.test(name))
            .map((name) => [name, (given as Parts)[name]]),
        );
    checkOptions(where, own, observerNames, option);
  });
  checkObserverNames(where, observers);
}

/** @throws InvalidOptionError for what is no gradient stage, and for two of one name */
export function checkStages(stages: readonly GradientStage[]): void {
  const advice = 'Such as gradientStages: [clipByGlobalNorm(1)]';
  if (!Array.isArray(stages))
    throw new InvalidOptionError(where, 'gradientStages', 'a list of gradient stages', stages, advice);
  const seen = new Set<string>();
  stages.forEach((stage: unknown, index) => {
    const option = `gradientStages[${index}]`;
    if (!hasFunctions(stage, ['apply']))
      throw new InvalidOptionError(where, option, 'a gradient stage', stage, instead(stage, advice));
    const { name, settings } = stage as Parts;
    if (typeof name !== 'string' || !/^[\w-]+$/.test(name) || seen.has(name))
      throw new InvalidOptionError(
        where,
        `${option}.name`,
        'unique among the stages, of letters, digits, _ and -',
        name,
      );
    seen.add(name);
    checkJson(`${option}.settings`, settings);
  });
}
