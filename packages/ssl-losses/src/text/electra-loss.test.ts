import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { compile } from '@selfsup/ssl-tensor';
import { InvalidOptionError } from '@selfsup/ssl-tensor/host';
import { describe, expect, it } from 'vitest';
import { describeGoldens, draw, tensor } from '../../../../test/golden/losses/cases.js';
import { labelGoldens } from '../../../../test/golden/losses/labels.js';
import '../../../../test/support/to-be-all-close.js';
import { electraLoss, type ElectraLossOptions } from './electra-loss.js';
import { maskedTokenCrossEntropy } from './masked-token-cross-entropy.js';
import { replacedTokenDetection } from './replaced-token-detection.js';

const [scores, bits] = [tf.tensor2d(draw(1, 3, 5)), tf.tensor2d(draw(2, 2, 4))];
const run = (
  logits: tf.Tensor2D,
  binary: tf.Tensor2D,
  options: ElectraLossOptions = {},
): ReturnType<typeof electraLoss> =>
  electraLoss(
    { logits, labels: tf.tensor1d([1, -100, 4], 'int32') },
    {
      logits: binary,
      replaced: tf.tensor2d([
        [0, 1, 0, 0],
        [1, 0, 0, 0],
      ]),
      tokenMask: tf.tensor2d([
        [1, 1, 1, 1],
        [1, 1, 1, 0],
      ]),
    },
    options,
  );

const parts = (inputs: tf.Tensor[], constants: tf.Tensor[], options: object): ReturnType<typeof electraLoss> => {
  const [logits, binary] = inputs as tf.Tensor2D[];
  const [labels, replaced, tokenMask] = constants as [tf.Tensor1D, tf.Tensor2D, tf.Tensor2D];
  return electraLoss({ logits: logits!, labels }, { logits: binary!, replaced, tokenMask }, options);
};

// 'The reference' is transformers' ElectraForMaskedLM and ElectraForPreTraining.
describeGoldens('electraLoss', labelGoldens.electraLoss, (...args) => parts(...args).loss);

it.each(labelGoldens.electraLoss.map((golden, index) => [index, golden] as const))(
  "electraLoss: transformers' terms, case %i",
  (_, { inputs, constants, options, terms }) => {
    const { generator, discriminator } = parts(inputs.map(tensor), constants.map(tensor), options);
    expect(generator).toBeAllClose(terms[0]);
    expect(discriminator).toBeAllClose(terms[1]);
  },
);

describe('electraLoss', () => {
  it.each(['eager', 'compiled'])('is the sum of its parts, %s', async (mode) => {
    const step = (a: tf.Tensor2D, b: tf.Tensor2D): ReturnType<typeof electraLoss> => run(a, b);
    const got = await (mode === 'compiled' ? compile(step)(scores, bits) : step(scores, bits));
    const generator = maskedTokenCrossEntropy(scores, tf.tensor1d([1, -100, 4], 'int32')).dataSync()[0]!;
    const discriminator = replacedTokenDetection(
      bits,
      tf.tensor2d([
        [0, 1, 0, 0],
        [1, 0, 0, 0],
      ]),
      {
        tokenMask: tf.tensor2d([
          [1, 1, 1, 1],
          [1, 1, 1, 0],
        ]),
      },
    ).dataSync()[0]!;
    expect(got.generator).toBeAllClose(generator);
    expect(got.discriminator).toBeAllClose(discriminator);
    expect(got.loss).toBeAllClose(generator + 50 * discriminator);
  });

  it('takes weights and how positions count', () => {
    const plain = run(scores, bits);
    const weighted = run(scores, bits, { generatorWeight: 2, discriminatorWeight: 0 });
    expect(weighted.loss).toBeAllClose(tf.mul(plain.generator, 2));
    const smooth = run(scores, bits, { generator: { labelSmoothing: 0.5 } });
    expect(smooth.generator).toBeAllClose(
      maskedTokenCrossEntropy(scores, tf.tensor1d([1, -100, 4], 'int32'), { labelSmoothing: 0.5 }),
    );
  });

  it('names what is wrong', () => {
    expect(() => run(scores, bits, { discriminatorWeight: -1 })).toThrow(InvalidOptionError);
    expect(() => run(scores, tf.zeros([2, 3]))).toThrow('replacedTokenDetection: replaced must be');
  });
});
