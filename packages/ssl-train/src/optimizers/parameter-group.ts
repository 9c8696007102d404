import type * as tf from '@tensorflow/tfjs-core';
import { InvalidOptionError } from '@selfsup/ssl-tensor/host';
import { checkNumber } from '../schedules/option-checks.js';
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

/** Lays groups out flat; throws InvalidOptionError for a parameter that is given twice or none at all. */
export function resolveGroups(
  where: string,
  groups: readonly ParameterGroup[],
  weightDecay: number,
  filter: DecayFilter,
): readonly OptimizedParameter[] {
  const names = new Set<string>();
  const variables = new Set<tf.Variable>();
  const resolved: OptimizedParameter[] = [];
  groups.forEach((group, index) => {
    const learningRateScale = group.learningRateScale ?? 1;
    const decay = group.weightDecay ?? weightDecay;
    checkNumber(where, `groups[${index}].learningRateScale`, learningRateScale, 0);
    checkNumber(where, `groups[${index}].weightDecay`, decay, 0);
    for (const [name, { variable }] of group.parameters) {
      if (names.has(name) || variables.has(variable))
        throw new InvalidOptionError(
          where,
          `groups[${index}].parameters`,
          'parameters that no other group holds',
          name,
        );
      names.add(name);
      variables.add(variable);
      resolved.push({ name, variable, learningRateScale, weightDecay: filter(name, variable) ? decay : 0 });
    }
  });
  if (resolved.length === 0) throw new InvalidOptionError(where, 'groups', 'at least one parameter', 'none');
  return resolved;
}
