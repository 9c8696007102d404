import { parametersOf, type Module } from '@selfsup/ssl-nn';
import type { ParameterGroup, Schedule } from '@selfsup/ssl-train';

/** What a view goes through that predicts the other. */
interface PredictingModules {
  readonly backbone: Module;
  readonly head: Module;
  readonly predictor: Module;
}

/** Groups for an optimiser in which the predictor's learning rate is not the run's. */
export function predictorGroups(
  { backbone, head, predictor }: PredictingModules,
  predictorRate: number | Schedule,
): ParameterGroup[] {
  return [
    { parameters: parametersOf({ backbone, head }) },
    { parameters: parametersOf({ predictor }), learningRate: predictorRate },
  ];
}
