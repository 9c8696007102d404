import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { compile } from '@selfsup/ssl-tensor';
import { SslError } from '@selfsup/ssl-tensor/host';
import { describe, expect, it } from 'vitest';
import { drawInput, everyLoss, type LossEntry } from '../../../../test/golden/losses/every-loss.js';
import { lossAndGradients } from '../../../../test/golden/losses/golden.js';
import '../../../../test/support/to-be-all-close.js';
import * as losses from '../index.js';

/** Without a gradient: they choose places, or change variables. */
const chooses =
  /^(mostSimilar|nearestNeighbors|normalizePrototypes|pseudoLabels|mixedTargets|flexMatchThresholds|sinkhorn)$/;
/** A loss over nothing, of its definition: targets of 0 are no label. */
const ofNothing = (name: string, kind: string): boolean => name === 'softTargetCrossEntropy' && kind === 'zeros';

const float = (...shape: number[]) => ({ kind: 'float' as const, shape, below: 0 });
const pair = [float(6, 4), float(6, 4)];
const maps = [float(2, 3, 3, 4), float(2, 3, 3, 4)];
/** Options that take other ways through roots, powers and quotients. */
const variants: Readonly<Record<string, LossEntry>> = {
  ...Object.fromEntries(
    [1, 1.5, 3].map((alpha) => [
      `alignment ${alpha}`,
      [pair, (a: tf.Tensor2D, b: tf.Tensor2D) => losses.alignment(a, b, { alpha, normalize: false })] as LossEntry,
    ]),
  ),
  ...Object.fromEntries(
    [1, 1.5, 3, Infinity].map((p) => [
      `koleo ${p}`,
      [[float(6, 4)], (a: tf.Tensor2D) => losses.koleo(a, { p })] as LossEntry,
    ]),
  ),
  ...Object.fromEntries(
    [1, 1.5, 4].map((power) => [
      `attentionTransfer ${power}`,
      [maps, (a: tf.Tensor4D, b: tf.Tensor4D) => losses.attentionTransfer(a, b, { power })] as LossEntry,
    ]),
  ),
  'barlowTwins without eps beside 0': [pair, (a, b) => losses.barlowTwins(a, b, { eps: 1e-12 })],
  'vicreg with a small eps': [pair, (a, b) => losses.vicreg(a, b, { eps: 1e-12 })],
  'softmaxFocal with a root': [
    [float(6, 4)],
    (a) => losses.softmaxFocal(a, tf.tensor1d([0, 1, 2, 3, 0, 1], 'int32'), { gamma: 0.5 }),
  ],
  // Targets of these are shares: other numbers are NaN by the rule of labels.
  binaryCrossEntropy: [pair, (a, b) => losses.binaryCrossEntropy(a, tf.sigmoid(b))],
  sigmoidFocal: [pair, (a, b) => losses.sigmoidFocal(a, tf.sigmoid(b))],
  'sigmoidFocal with a root': [pair, (a, b) => losses.sigmoidFocal(a, tf.sigmoid(b), { gamma: 0.5 })],
  'dice, squared': [
    [float(1, 6, 4)],
    (a) => losses.dice(a, tf.zeros([1, 6], 'int32'), { squared: true, activation: 'none' }),
  ],
  'supCon without scaling': [
    [float(6, 4)],
    (a) => losses.supCon(a, tf.tensor1d([0, 1, 0], 'int32'), { normalize: false }),
  ],
};

/** Every floating-point input of a loss, and the gradient of its results with respect to all of them. */
function step([inputs, call]: LossEntry): (floats: tf.Tensor[]) => tf.Tensor[] {
  return (floats) => {
    const loss = (...given: tf.Tensor[]): tf.Scalar => {
      let next = 0;
      const all = inputs.map((input, index) => (input.kind === 'float' ? given[next++]! : drawInput(input, index)));
      const result: unknown = call(...(all as never[]));
      const tensors = result instanceof tf.Tensor ? [result] : Object.values(result as Record<string, tf.Tensor>);
      // Teachers have no gradient; a sum of nothing makes one of 0.
      const reached = given.map((input) => tf.mul(tf.sum(input), 0));
      return tf.addN([...tensors.map((tensor) => tf.sum(tensor)), ...reached] as tf.Scalar[]);
    };
    const { value, grads } = tf.valueAndGrads(loss)(floats);
    return [value, ...grads];
  };
}

type Fill = (shape: readonly number[]) => tf.Tensor;
const kinds: Readonly<Record<string, Fill>> = {
  zeros: (shape) => tf.zeros([...shape]),
  ones: (shape) => tf.ones([...shape]),
  'identical rows': (shape) =>
    tf.tile(tf.reshape(tf.range(1, shape.at(-1)! + 1), [...shape.slice(0, -1).map(() => 1), -1]), [
      ...shape.slice(0, -1),
      1,
    ]),
  'tiny numbers': (shape) => tf.fill([...shape], 1e-30),
};

const floatsOf = (entry: LossEntry, fill: Fill): tf.Tensor[] =>
  entry[0].filter(({ kind }) => kind === 'float').map(({ shape }) => fill(shape));
const notFinite = (tensors: readonly tf.Tensor[]): number[] =>
  tensors.flatMap((tensor) => [...tensor.dataSync()]).filter((value) => !Number.isFinite(value));

const all = Object.entries({ ...everyLoss, ...variants }).filter(([name]) => !chooses.test(name));

describe.each(all)('%s', (name, entry) => {
  // One trace for all kinds.
  const compiled = compile(step(entry));
  it.each(Object.entries(kinds).filter(([kind]) => !ofNothing(name, kind)))(
    'of %s and its gradient are finite',
    async (_, fill) => {
      const floats = floatsOf(entry, fill);
      expect(notFinite(step(entry)(floats))).toEqual([]);
      expect(notFinite(await compiled(floats))).toEqual([]);
    },
  );

  it('of one row is finite, or refused by a typed error', () => {
    const one = entry[0].map((input) => ({ ...input, shape: [1, ...input.shape.slice(1)] }));
    const first = entry[0].find(({ kind }) => kind === 'float');
    if (first === undefined || entry[0].some(({ shape }) => shape[0] !== first.shape[0])) return;
    try {
      const single: LossEntry = [one, entry[1]];
      expect(notFinite(step(single)(floatsOf(single, (shape) => tf.ones([...shape]))))).toEqual([]);
    } catch (error) {
      if (!SslError.isInstance(error)) throw error;
    }
  });
});

describe('featureStd and collapseLevel', () => {
  it.each(['eager', 'compiled'] as const)('of constant features are 0 and 1, with the gradient 0, %s', async (mode) => {
    for (const rows of [tf.zeros([4, 3]), tf.tile(tf.tensor2d([[0, 0, 2]]), [4, 1])] as tf.Tensor2D[]) {
      const [spread, slope] = await lossAndGradients(mode, (z) => losses.featureStd(z!), [rows]);
      expect(spread!.dataSync()[0]).toBe(0);
      expect(slope!).toBeAllClose(tf.zeros([4, 3]));
      const [level, turn] = await lossAndGradients(mode, (z) => losses.collapseLevel(z!), [rows]);
      expect(level!.dataSync()[0]).toBe(1);
      expect(turn!).toBeAllClose(tf.zeros([4, 3]));
    }
  });

  it('keep the gradient of the dimensions that vary beside constant ones', async () => {
    const z = [
      [1, 0, 0.2],
      [1, 0, -0.4],
      [1, 0, 0.1],
    ];
    for (const mode of ['eager', 'compiled'] as const) {
      const [, slope] = await lossAndGradients(mode, (x) => losses.featureStd(x!), [tf.tensor2d(z)]);
      expect(notFinite([slope!])).toEqual([]);
      expect(Math.abs(slope!.dataSync()[5]!)).toBeGreaterThan(0.1);
    }
  });
});
