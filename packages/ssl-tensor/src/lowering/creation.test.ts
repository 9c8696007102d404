import * as tf from '@tensorflow/tfjs-core';
import {
  agrees,
  agreesInValue,
  bools,
  describeConformance,
  floats,
  ints,
} from '../../../../test/support/lowering-conformance.js';
import { creationRules } from './creation.js';

const { fill } = tf;

describeConformance('creation', creationRules, [
  agrees('fill', [floats([2, 3])], (x) => tf.add(x, fill([2, 3], 2.5))),
  agreesInValue('fill', [ints([3])], (x) => tf.add(x, fill([3], 2, 'int32'))),
  agreesInValue('fill alone', [floats([1])], () => [
    fill([2, 40], 1.5),
    fill([], 3),
    fill([3], 7, 'int32'),
    fill([0, 2], 1),
  ]),
  ...[floats([2, 3]), ints([4]), bools([3])].map((operand) =>
    agreesInValue('onesLike and zerosLike', [operand], (x) => [tf.onesLike(x), tf.zerosLike(x)]),
  ),
  agreesInValue('ones and zeros', [floats([1])], () => [tf.ones([2, 2]), tf.zeros([3], 'int32'), tf.eye(3)]),
  ...(
    [
      [0, 5, 1],
      [2, 9, 3],
      [5, 0, -1],
      [5, 0, -2],
      [5, 0, 1],
      [5, 0, 2],
      [0, 5, -1],
      [3, 3, 1],
      [0, 1, 0.3],
      [0, 100, 0.1],
    ] as const
  ).flatMap(([start, stop, step]) =>
    (['float32', 'int32'] as const)
      .filter((dtype) => dtype === 'float32' || Number.isInteger(step))
      .map((dtype) =>
        agreesInValue(`range ${start} ${stop} ${step} ${dtype}`, [floats([])], () =>
          tf.range(start, stop, step, dtype),
        ),
      ),
  ),
  agreesInValue('linspace', [floats([])], () => [tf.linspace(0, 1, 5), tf.linspace(3, -1, 4), tf.linspace(2, 5, 1)]),
  agreesInValue('linspace of many', [floats([])], () => [tf.linspace(0, 1, 2000), tf.linspace(-3, 1000, 777)]),
  agreesInValue('range of integers by half steps', [floats([])], () => tf.range(0, 5, 0.5, 'int32')),
  ...[floats([3]), floats([2, 3]), ints([3]), floats([1])].map((operand) =>
    agreesInValue('diag', [operand], (x) => tf.diag(x)),
  ),
]);
