import { backend_util } from '@tensorflow/tfjs-core';
import { InvalidOptionError } from '@selfsup/ssl-core';

/** Subscripts of an einsum: one label per axis. */
export interface EinsumEquation {
  readonly terms: readonly string[];
  readonly output: string;
}

/** Labels that `others` has as well. */
export function common(labels: string, others: string): string {
  return Array.from(labels)
    .filter((label) => others.includes(label))
    .join('');
}

/** Labels that `others` has not. */
export function except(labels: string, others: string): string {
  return Array.from(labels)
    .filter((label) => !others.includes(label))
    .join('');
}

/**
 * Subscripts of `equation` for `operands` tensors.
 *
 * @throws InvalidOptionError for an equation that TF.js refuses or gets wrong: one with a label twice in the output, and
 * one whose first label to be summed is not in both operands, where TF.js leaves out or misplaces the other operand
 */
export function parseEquation(equation: string, operands: number): EinsumEquation {
  const refuse = (expected: string): never => {
    throw new InvalidOptionError('einsum', 'equation', expected, equation);
  };
  try {
    backend_util.decodeEinsumEquation(equation, operands);
  } catch (error) {
    refuse(`one that TF.js takes (${(error as Error).message})`);
  }
  const [left, output] = equation.replaceAll(/\s/g, '').split('->') as [string, string];
  const terms = left.split(',');
  if (new Set(output).size !== output.length) refuse('one with each label once in the output');
  const [first] = except(terms.join(''), output);
  if (first !== undefined && terms.some((term) => term !== '' && !term.includes(first)))
    refuse('one whose first summed label is in both operands (tf.sum what only one has before)');
  return { terms, output };
}
