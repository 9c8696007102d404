import { printable } from '@selfsup/ssl-core';
import type { StepDiagnosis } from './diagnose-step.js';
import type { NonFiniteTensor } from './non-finite-tensor.js';
import type { StepRecord } from './step-record.js';

/** What a step has shown, in words: the first tensor that is not finite, and what makes such ones. */
export function stepText({ step, scalars, parts }: StepRecord, { found, losses }: StepDiagnosis): string {
  const [first] = found;
  if (first === undefined)
    return `Step ${step} computed again has a finite loss (${losses.join(', ')}) and finite gradients: another order of sums may be enough for that at the edge of float32`;
  const firstNan = found.find(({ kind, nan }) => nan > 0 && kind !== 'gradient' && kind !== 'update');
  const also =
    firstNan === undefined || firstNan === first ? '' : `; the first NaN is in ${placeOf(firstNan, parts.length)}`;
  const rest = found.filter(({ kind }) => kind === first.kind).length - 1;
  const others = rest === 0 ? '' : `, and in ${rest} more of this kind`;
  const rate = scalars['learningRate'];
  return `The first tensor of step ${step} that is not finite is ${placeOf(first, parts.length)} (${amount(first)}${others})${also}. ${advice(first, losses, rate)}`;
}

function placeOf({ kind, name, part }: NonFiniteTensor, parts: number): string {
  const label = `'${printable(name)}'`;
  const batch = parts === 1 ? '' : ` in batch ${part + 1} of ${parts}`;
  if (kind === 'batch') return parts === 1 ? `${label} of the batch` : `${label} of batch ${part + 1} of ${parts}`;
  if (kind === 'state') return `the method's state ${label}`;
  if (kind === 'output') return `the output of module ${label}${batch}`;
  if (kind === 'loss') return `the loss itself${batch}`;
  if (kind === 'gradient') return `the gradient of ${label}${batch}`;
  if (kind === 'update') return `${label} after the update`;
  return `the ${kind} ${label} before the step`;
}

function amount({ nan, infinite, size }: NonFiniteTensor): string {
  const parts = [...(nan === 0 ? [] : [`${nan} NaN`]), ...(infinite === 0 ? [] : [`${infinite} infinite`])];
  return `${parts.join(' and ')} of ${size} ${size === 1 ? 'value' : 'values'}`;
}

function advice({ kind }: NonFiniteTensor, losses: readonly number[], rate: number | undefined): string {
  switch (kind) {
    case 'batch':
      return 'Look at what the loader makes of its samples';
    case 'output':
      return 'All outputs of modules before it are finite: look in it, and at what lies between, for a division by 0, a root or log of what is not positive, or numbers beyond float32';
    case 'loss':
      return 'All outputs of modules are finite: look for a log of 0, a division by 0 (an empty mask, a batch without labels) or an exp of large numbers in the loss';
    case 'gradient':
      return `The loss (${losses.join(', ')}) and all outputs of modules are finite: look for what has no slope there, such as the root or the norm of 0, and add a small number under the root`;
    case 'update':
      return `Loss and gradients are finite: the learning rate (${rate}) is too high for them, unless an observer has assigned it`;
    case 'parameter':
    case 'buffer':
    case 'state':
      return 'It was so when the run began, or eager code has assigned it';
  }
}
