import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { compile } from '@selfsup/ssl-tensor';
import { expect, it } from 'vitest';
import { describeGoldens, tensor } from '../../../../test/golden/losses/cases.js';
import { labelGoldens } from '../../../../test/golden/losses/labels.js';
import '../../../../test/support/to-be-all-close.js';
import { mixedCrossEntropy } from './mixed-cross-entropy.js';
import { mixedTargets } from './mixed-targets.js';
import { softTargetCrossEntropy } from './soft-target-cross-entropy.js';

it("mixes one-hot targets by each row's share", async () => {
  const [labels, partners] = [tf.tensor1d([2, 0, 1], 'int32'), tf.tensor1d([2, 1, 0], 'int32')];
  const expected = [
    [0, 0, 1],
    [0.75, 0.25, 0],
    [1, 0, 0],
  ];
  const share = tf.tensor1d([0.5, 0.75, 0]);
  expect(mixedTargets(labels, partners, share, 3)).toBeAllClose(expected);
  const step = compile((y: tf.Tensor1D, other: tf.Tensor1D, lambda: tf.Tensor1D) => mixedTargets(y, other, lambda, 3));
  expect(await step(labels, partners, share)).toBeAllClose(expected);
  expect(mixedTargets(labels, partners, 1, 3)).toBeAllClose(tf.cast(tf.oneHot(labels, 3), 'float32'));
});

it.each(labelGoldens.mixedTargets.map((golden, index) => [index, golden] as const))(
  "mixedTargets: those of timm's Mixup and torchvision's MixUp, case %i",
  (_, { inputs, constants }) => {
    const [labels, partners, share, targets] = constants.map(tensor);
    const classes = inputs[0]!.shape[1]!;
    const mixed = mixedTargets(labels as tf.Tensor1D, partners as tf.Tensor1D, share as tf.Tensor1D, classes);
    expect(mixed).toBeAllClose(targets!);
  },
);

// 'The reference' is timm's SoftTargetCrossEntropy of those targets.
describeGoldens(
  'softTargetCrossEntropy of mixedTargets',
  labelGoldens.mixedTargets,
  ([logits], [labels, partners, share]) => {
    const x = logits as tf.Tensor2D;
    const mixed = mixedTargets(labels as tf.Tensor1D, partners as tf.Tensor1D, share as tf.Tensor1D, x.shape[1]);
    return softTargetCrossEntropy(x, mixed);
  },
);
describeGoldens('mixedCrossEntropy', labelGoldens.mixedTargets, ([logits], [labels, partners, share]) =>
  mixedCrossEntropy(logits as tf.Tensor2D, labels as tf.Tensor1D, partners as tf.Tensor1D, share as tf.Tensor1D),
);
