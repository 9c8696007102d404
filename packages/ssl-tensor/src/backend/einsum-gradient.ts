import * as tf from '@tensorflow/tfjs-core';
import { InvalidOptionError } from '@selfsup/ssl-core';
import { common, except, parseEquation } from '../lowering/einsum-equation.js';

const positions = (labels: string, of: string): number[] => Array.from(of, (label) => labels.indexOf(label));

/** `x` with the axes that only `full` has repeated; its labels come in the order of `full`. */
function spread(x: tf.Tensor, labels: string, full: string, shape: readonly number[]): tf.Tensor {
  const kept = Array.from(full, (label, axis) => (labels.includes(label) ? shape[axis]! : 1));
  return tf.mul(tf.reshape(x, kept), tf.ones([...shape]));
}

/** Gradient with respect to the operand `x`: an einsum of the gradient and the other operand. */
function operandGradient(
  dy: tf.Tensor,
  output: string,
  [x, labels]: readonly [tf.Tensor, string],
  other: readonly [tf.Tensor, string] | undefined,
): tf.Tensor {
  const reached = common(labels, output + (other?.[1] ?? ''));
  if (other === undefined) return spread(tf.transpose(dy, positions(output, reached)), reached, labels, x.shape);
  const [y, term] = other;
  // What the other operand is summed over alone. In the einsum it would be a label of one operand.
  const alone = except(term, labels + output);
  const partner = alone === '' ? y : tf.sum(y, positions(term, alone));
  const product = tf.einsum(`${output},${except(term, alone)}->${reached}`, dy, partner);
  return spread(product, reached, labels, x.shape);
}

/** Registers the gradient of tf.einsum, which TF.js has none for. */
export function registerEinsumGradient(): void {
  tf.registerGradient({
    kernelName: tf.Einsum,
    saveAllInputs: true,
    gradFunc: (dy, saved, { equation }) => {
      const { terms, output } = parseEquation(equation as string, saved.length);
      if (terms.length === 1 && terms[0] === output)
        throw new InvalidOptionError(
          'gradient of einsum',
          'equation',
          'one that changes the operand (TF.js returns the operand itself, and would count its gradient twice)',
          equation,
        );
      const operands = saved.map((x, index) => [x, terms[index]!] as const);
      return Object.fromEntries(
        operands.map((operand, index) => [
          index,
          () => operandGradient(dy as tf.Tensor, output, operand, operands[1 - index]),
        ]),
      );
    },
  });
}
