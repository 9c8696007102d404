/** Epoch of a finished step, both counted from 1; of no step, the first. */
export function epochOf(step: number, stepsPerEpoch: number): number {
  return Math.max(1, Math.ceil(step / stepsPerEpoch));
}
