import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { draw } from '../../../../test/golden/losses/cases.js';
import { lossAndGradients } from '../../../../test/golden/losses/golden.js';
import '../../../../test/support/to-be-all-close.js';
import { binaryCrossEntropy, replacedTokenDetection, sigmoidFocal, softTargetCrossEntropy } from '../index.js';

type Loss = (x: tf.Tensor2D, t: tf.Tensor2D) => tf.Scalar;
const logits = draw(1, 2, 3);
/** Every loss of bits, with the losses of one sample's bits counted alike. */
const losses: Readonly<Record<string, Loss>> = {
  binaryCrossEntropy: (x, t) => binaryCrossEntropy(x, t, { positiveWeight: 2 }),
  'binaryCrossEntropy, sums': (x, t) => binaryCrossEntropy(x, t, { elements: 'sum', reduction: 'sum' }),
  'binaryCrossEntropy of probabilities': (x, t) => binaryCrossEntropy(tf.sigmoid(x), t, { from: 'probabilities' }),
  sigmoidFocal: (x, t) => sigmoidFocal(x, t),
  'sigmoidFocal without alpha': (x, t) => sigmoidFocal(x, t, { alpha: -1 }),
  replacedTokenDetection: (x, t) => replacedTokenDetection(x, t),
};

describe.each(['eager', 'compiled'] as const)('bits without a label, %s', (mode) => {
  const run = (loss: Loss, x: number[][], t: number[][]) =>
    lossAndGradients(mode, (z) => loss(z as tf.Tensor2D, tf.tensor2d(t)), [tf.tensor2d(x)]);

  it.each(Object.entries(losses))('%s leaves them out', async (_, loss) => {
    const [row] = logits as [number[]];
    const [value, gradient] = await run(loss, [[row[0]!, row[2]!]], [[1, 0]]);
    const [first, last] = gradient!.dataSync();
    for (const mark of [-1, -100]) {
      // One bit of the first sample, and all of the second.
      const [same, slope] = await run(loss, [...logits] as number[][], [
        [1, mark, 0],
        [-1, mark, -1],
      ]);
      expect(same!).toBeAllClose(value!, { rtol: 1e-5 });
      expect(slope!).toBeAllClose(
        [
          [first!, 0, last!],
          [0, 0, 0],
        ],
        { rtol: 1e-4, atol: 1e-7 },
      );
    }
  });

  it.each(Object.entries(losses))('%s is NaN for what is no bit, and over nothing', async (_, loss) => {
    const rest = [0, 1, 1];
    for (const wrong of [
      [-2, 0, 1],
      [1.5, 0, 1],
      [255, 0, 1],
      [NaN, 0, 1],
    ])
      expect((await run(loss, [...logits] as number[][], [wrong, rest]))[0]!).toBeAllClose(NaN);
    const none = [-1, -1, -1];
    expect((await run(loss, [...logits] as number[][], [none, none]))[0]!).toBeAllClose(NaN);
  });

  it('softTargetCrossEntropy is NaN for negative shares', async () => {
    const loss: Loss = (x, t) => softTargetCrossEntropy(x, t);
    const good = [0, 0.5, 0.5];
    expect((await run(loss, [...logits] as number[][], [good, [-1, -1, -1]]))[0]!).toBeAllClose(NaN);
    expect((await run(loss, [...logits] as number[][], [good, [0, 0, 0]]))[0]!).toBeAllClose(
      (await run(loss, [[...logits[0]!]], [good]))[0]!,
    );
  });
});

it('whatever stands at padding is not read', () => {
  const [x, mask] = [tf.tensor2d([[1, -1, 2]]), tf.tensor2d([[1, 1, 0]])];
  expect(replacedTokenDetection(x, tf.tensor2d([[1, 0, 77]]), { tokenMask: mask })).toBeAllClose(
    replacedTokenDetection(tf.tensor2d([[1, -1]]), tf.tensor2d([[1, 0]])),
  );
});

it('a sample of no label has 0 under reduction none', () =>
  expect(
    binaryCrossEntropy(
      tf.tensor2d([
        [0, 0],
        [5, 5],
      ]),
      tf.tensor2d([
        [1, -1],
        [-1, -1],
      ]),
      { reduction: 'none' },
    ),
  ).toBeAllClose([Math.log(2), 0]));
