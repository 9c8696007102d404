import * as tf from '@tensorflow/tfjs-core';
import { agrees, describeAgreement, floats } from '../../../../test/support/lowering-conformance.js';

describeAgreement(
  [3, 6, 9, 12, 15].flatMap((channels) =>
    [4, 6].map((filters) =>
      agrees(
        `conv2d from ${channels} channels to ${filters}`,
        [floats([1, 4, 4, channels]), floats([3, 3, channels, filters])],
        (x, filter) => tf.conv2d(x, filter, 1, 'same'),
        { scaled: 2e-6 },
      ),
    ),
  ),
  'every case',
);
