import type { Parameter } from '@selfsup/ssl-nn';
import { layerDecayGroups, type ParameterGroup, type Schedule } from '@selfsup/ssl-train';
import type { TextModel } from '../models/text-model.js';

/** Share of the run by whose end all layers train. */
const unfrozenBy = 0.5;

/** How the layers learn. */
export interface FineTuningRates {
  readonly schedule: Schedule;
  readonly totalSteps: number;
  /** Factor on the rate from a layer to the one before it. */
  readonly layerDecay: number;
  /** At first the head alone, then one layer more after the other, from the top. */
  readonly gradual: boolean;
}

/**
 * Groups of the head and of each layer. Where they unfreeze gradually, a layer's rate is 0 until its turn; the last one has
 * it in the middle of the run.
 *
 * Source: Howard and Ruder 2018 (ULMFiT), arXiv:1801.06146, section 3.3, where it is an epoch for each layer.
 */
export function fineTuningGroups(
  parameters: ReadonlyMap<string, Parameter>,
  encoder: TextModel,
  { schedule, totalSteps, layerDecay, gradual }: FineTuningRates,
): readonly ParameterGroup[] {
  const own = new Set(encoder.namedParameters().values());
  const part = (isEncoder: boolean): Map<string, Parameter> =>
    new Map([...parameters].filter(([, parameter]) => own.has(parameter) === isEncoder));
  const layers = layerDecayGroups(part(true), encoder, { decay: layerDecay });
  const head = { parameters: part(false) };
  if (!gradual) return [head, ...layers];
  return [
    head,
    ...layers.map((group, at) => {
      const from = Math.round((unfrozenBy * totalSteps * (layers.length - at)) / layers.length);
      return { ...group, learningRate: (step: number): number => (step < from ? 0 : schedule(step)) };
    }),
  ];
}
