import type * as tf from '@tensorflow/tfjs-core';
import { checkOptions, InvalidOptionError, type OptionNames } from '@selfsup/ssl-tensor/host';
import { checkNumber } from '@selfsup/ssl-core';
import type { DecayFilter } from './decay-filter.js';

/** What an optimiser trains: `Parameter` of @selfsup/ssl-nn is one. */
export interface TrainableParameter {
  readonly variable: tf.Variable;
}

/** Parameters with settings of their own. */
export interface ParameterGroup {
  /** By full name; `module.namedParameters()` is one. */
  readonly parameters: ReadonlyMap<string, TrainableParameter> | Iterable<readonly [string, TrainableParameter]>;
  /** Factor on the learning rate, for example for layer-wise rates. Default 1. */
  readonly learningRateScale?: number;
  /** In place of the optimiser's weight decay. */
  readonly weightDecay?: number;
}

/** A parameter with the settings that hold for it. */
export interface OptimizedParameter {
  readonly name: string;
  readonly variable: tf.Variable;
  readonly learningRateScale: number;
  /** 0 where the decay filter excludes the parameter. */
  readonly weightDecay: number;
}

const parameterGroupNames: OptionNames<ParameterGroup> = {
  parameters: 'required',
  learningRateScale: 'optionalNumber',
  weightDecay: 'optionalNumber',
};

const namedForms = 'Such as method.trainable() or module.namedParameters()';

function checkNamed(where: string, option: string, parameters: unknown): void {
  if (typeof parameters !== 'object' || parameters === null || !(Symbol.iterator in parameters))
    throw new InvalidOptionError(where, option, 'a Map of parameters by name', parameters, namedForms);
}

function namedVariable(where: string, option: string, entry: unknown): readonly [string, tf.Variable] {
  const [name, parameter] = Array.isArray(entry) ? (entry as [unknown, Partial<TrainableParameter>?]) : [];
  if (typeof name !== 'string' || typeof parameter?.variable?.assign !== 'function')
    throw new InvalidOptionError(where, option, 'pairs of a name and a Parameter', entry, namedForms);
  return [name, parameter.variable];
}

/** Lays groups out flat; throws InvalidOptionError for a parameter that is given twice or none at all. */
export function resolveGroups(
  where: string,
  groups: readonly ParameterGroup[],
  weightDecay: number,
  filter: DecayFilter,
): readonly OptimizedParameter[] {
  if (!Array.isArray(groups)) {
    const advice = 'Write [{ parameters: method.trainable() }]';
    throw new InvalidOptionError(where, 'groups', 'an array of groups', groups, advice);
  }
  const names = new Set<string>();
  const variables = new Set<tf.Variable>();
  const resolved: OptimizedParameter[] = [];
  (groups as readonly ParameterGroup[]).forEach((given, index) => {
    const group = checkOptions(where, given, parameterGroupNames, `groups[${index}]`);
    const learningRateScale = group.learningRateScale ?? 1;
    const decay = group.weightDecay ?? weightDecay;
    checkNumber(where, `groups[${index}].learningRateScale`, learningRateScale, 0);
    checkNumber(where, `groups[${index}].weightDecay`, decay, 0);
    const option = `groups[${index}].parameters`;
    checkNamed(where, option, group.parameters);
    for (const entry of group.parameters) {
      const [name, variable] = namedVariable(where, option, entry);
      if (names.has(name) || variables.has(variable))
        throw new InvalidOptionError(where, option, 'parameters that no other group holds', name);
      names.add(name);
      variables.add(variable);
      resolved.push({ name, variable, learningRateScale, weightDecay: filter(name, variable) ? decay : 0 });
    }
  });
  if (resolved.length === 0) throw new InvalidOptionError(where, 'groups', 'at least one parameter', 'none');
  return resolved;
}
