import path from 'node:path';
import { checkpointPath } from '@selfsup/ssl-train';

/**
 * Names of the checkpoints that a training is going to write, relative to the run, for the run's record. One that a stop
 * leaves in between is not among them.
 */
export function plannedCheckpoints(totalSteps: number, everySteps: number): string[] {
  const steps = Array.from({ length: Math.floor(totalSteps / everySteps) }, (_, index) => (index + 1) * everySteps);
  return [...steps, totalSteps].map(checkpointName);
}

function checkpointName(step: number): string {
  return `checkpoints/${path.basename(checkpointPath('', step))}`;
}
