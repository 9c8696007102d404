import type * as tf from '@tensorflow/tfjs-core';
import type { Recording } from '../compile/run-trace.js';
import { ExportError } from '../errors/export-error.js';
import { scheduleNodes } from '../graph/schedule.js';
import type { Value } from '../graph/value.js';
import { opOf } from './align-traces.js';

const randomKernels: ReadonlySet<string> = new Set(['SslRandomUniform', 'SslRandomBits', 'SslFoldIn']);

/**
 * Checks that a function computes its results of its inputs and weights alone.
 *
 * @param nameOf names of variables
 * @throws ExportError for what assigns or makes variables, calls the host, or draws random numbers
 */
export function checkRecording(
  { assigned, created, hostCalls }: Recording<unknown>,
  outputs: Iterable<Value>,
  nameOf: (variable: tf.Variable) => string,
): void {
  const [variable] = assigned.keys();
  if (variable !== undefined)
    throw new ExportError(
      `variable '${nameOf(variable)}'`,
      'is assigned by the function, as layers do in training, and a file keeps no state',
      'Export the forward pass of inference: forward(inputs) without a context of training',
    );
  const [made] = created.keys();
  if (made !== undefined)
    throw new ExportError(
      `variable '${nameOf(made)}'`,
      'is made inside the function',
      'Make it outside, so that its value is known',
    );
  const [call] = hostCalls;
  if (call !== undefined)
    throw new ExportError(
      `hostCall '${call.name}'`,
      'runs JavaScript, which a file does not hold',
      'Compute it of tensors, or outside of the function',
    );
  for (const node of scheduleNodes([...outputs]).nodes) {
    if (node.origin === undefined || !randomKernels.has(node.origin.kernel)) continue;
    const [op, userLine] = opOf(node);
    throw new ExportError(
      op,
      'draws random numbers, as dropout does in training, and would draw the same ones at every run of the file',
      'Export the forward pass of inference, or pass the numbers in as an input',
      userLine,
    );
  }
}
