import type * as tf from '@tensorflow/tfjs-core';
import { checkOptions, InvalidOptionError, type OptionNames } from '@selfsup/ssl-tensor/host';
import { checkNumber } from '@selfsup/ssl-core';
import type { Schedule } from '../schedules/schedule.js';
import type { DecayFilter } from './decay-filter.js';

/** What an optimiser trains: `Parameter` of @selfsup/ssl-nn is one. */
export interface TrainableParameter {
  readonly variable: tf.Variable;
}

/** Parameters with settings of their own. */
export interface ParameterGroup {
  /** By full name; `module.namedParameters()` is one. */
  readonly parameters: ReadonlyMap<string, TrainableParameter> | Iterable<readonly [string, TrainableParameter]>;
  /** In place of the run's learning rate: a number for all steps, or by step. */
  readonly learningRate?: number | Schedule;
  /** Factor on the learning rate, for example for layer-wise rates. Default 1. */
  readonly learningRateScale?: number;
  /** In place of the optimiser's weight decay: a number for all steps, or by step. */
  readonly weightDecay?: number | Schedule;
}

/** A parameter with the settings that hold for it. */
export interface OptimizedParameter {
  readonly name: string;
  readonly variable: tf.Variable;
  /** A number for all steps, or the name of the scalar that holds it: `learningRate` or one of the schedules. */
  readonly learningRate: number | string;
  readonly learningRateScale: number;
  /** As `learningRate`; 0 where the decay filter excludes the parameter. */
  readonly weightDecay: number | string;
  /** Whether the parameter's step is scaled by its norm, in optimisers that do so. */
  readonly adapts: boolean;
}

/** What {@link resolveGroups} makes of groups. */
export interface ResolvedGroups {
  readonly parameters: readonly OptimizedParameter[];
  /** By the name that its value goes by in {@link Optimizer.apply}: `weightDecay`, `groups.1.learningRate`. */
  readonly schedules: Readonly<Record<string, Schedule>>;
}

const parameterGroupNames: OptionNames<ParameterGroup> = {
  parameters: 'required',
  learningRate: 'optional',
  learningRateScale: 'optionalNumber',
  weightDecay: 'optional',
};

/** Throws InvalidOptionError unless `value` is a schedule or a number of at least 0. */
export function checkScheduled(where: string, option: string, value: number | Schedule): void {
  if (typeof value === 'function') return;
  if (typeof value !== 'number')
    throw new InvalidOptionError(where, option, 'a number >= 0 or a schedule, such as constant(0.05)', value);
  checkNumber(where, option, value, 0);
}

const namedForms = 'Such as method.trainable() or module.namedParameters()';

/** Throws InvalidOptionError unless `parameters` can be gone through. */
export function checkNamed(where: string, option: string, parameters: unknown): void {
  if (typeof parameters !== 'object' || parameters === null || !(Symbol.iterator in parameters))
    throw new InvalidOptionError(where, option, 'a Map of parameters by name', parameters, namedForms);
}

/** Name and variable of one of {@link ParameterGroup.parameters}; throws InvalidOptionError for anything else. */
export function namedVariable(where: string, option: string, entry: unknown): readonly [string, tf.Variable] {
  const [name, parameter] = Array.isArray(entry) ? (entry as [unknown, Partial<TrainableParameter>?]) : [];
  if (typeof name !== 'string' || typeof parameter?.variable?.assign !== 'function')
    throw new InvalidOptionError(where, option, 'pairs of a name and a Parameter', entry, namedForms);
  return [name, parameter.variable];
}

/**
 * Lays groups out flat.
 *
 * @throws InvalidOptionError for a parameter that is given twice or none at all, and for rates and decays below 0
 */
export function resolveGroups(
  where: string,
  groups: readonly ParameterGroup[],
  weightDecay: number | Schedule,
  filter: DecayFilter,
  adaptFilter: DecayFilter,
): ResolvedGroups {
  if (!Array.isArray(groups)) {
    const advice = 'Write [{ parameters: method.trainable() }]';
    throw new InvalidOptionError(where, 'groups', 'an array of groups', groups, advice);
  }
  const names = new Set<string>();
  const variables = new Set<tf.Variable>();
  const resolved: OptimizedParameter[] = [];
  const schedules: Record<string, Schedule> = {};
  /** A schedule's name, under which it is listed once a parameter follows it; a number as it is. */
  const scheduled = (name: string, value: number | Schedule): number | string => {
    if (typeof value !== 'function') return value;
    schedules[name] = value;
    return name;
  };
  checkScheduled(where, 'weightDecay', weightDecay);
  (groups as readonly ParameterGroup[]).forEach((given, index) => {
    const group = checkOptions(where, given, parameterGroupNames, `groups[${index}]`);
    const learningRateScale = group.learningRateScale ?? 1;
    checkNumber(where, `groups[${index}].learningRateScale`, learningRateScale, 0);
    if (group.learningRate !== undefined) checkScheduled(where, `groups[${index}].learningRate`, group.learningRate);
    if (group.weightDecay !== undefined) checkScheduled(where, `groups[${index}].weightDecay`, group.weightDecay);
    const rateOf = (): number | string =>
      group.learningRate === undefined ? 'learningRate' : scheduled(`groups.${index}.learningRate`, group.learningRate);
    const decayOf = (): number | string =>
      group.weightDecay === undefined
        ? scheduled('weightDecay', weightDecay)
        : scheduled(`groups.${index}.weightDecay`, group.weightDecay);
    const option = `groups[${index}].parameters`;
    checkNamed(where, option, group.parameters);
    for (const entry of group.parameters) {
      const [name, variable] = namedVariable(where, option, entry);
      if (names.has(name) || variables.has(variable))
        throw new InvalidOptionError(where, option, 'parameters that no other group holds', name);
      names.add(name);
      variables.add(variable);
      resolved.push({
        name,
        variable,
        learningRate: rateOf(),
        learningRateScale,
        weightDecay: filter(name, variable) ? decayOf() : 0,
        adapts: adaptFilter(name, variable),
      });
    }
  });
  if (resolved.length === 0) throw new InvalidOptionError(where, 'groups', 'at least one parameter', 'none');
  return { parameters: resolved, schedules };
}
