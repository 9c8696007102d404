import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { noLabel } from '@selfsup/ssl-tensor/host';
import { describe, expect, it } from 'vitest';
import { draw, type Rows } from '../../../test/golden/losses/cases.js';
import { lossAndGradients } from '../../../test/golden/losses/golden.js';
import '../../../test/support/to-be-all-close.js';
import * as losses from './index.js';

const modes = ['eager', 'compiled'] as const;
const classes = 5;
const logits = draw(1, 4, classes);
const others = draw(2, 4, classes);
const ints = (values: readonly number[]): tf.Tensor1D => tf.tensor1d([...values], 'int32');
const places = (x: tf.Tensor2D): tf.Tensor3D => tf.expandDims(x, 0);

/** A loss of some rows of logits: `rows` says which, for what comes with them. */
type Loss = (x: tf.Tensor2D, labels: tf.Tensor1D, rows: readonly number[]) => tf.Scalar;
const pick = <T>(values: readonly T[], rows: readonly number[]): T[] => rows.map((row) => values[row]!);
const partners = [1, 3, 2, 0];
const alpha = tf.tensor1d([0.5, 1, 2, 0.25, 3]);
const shares = tf.tensor1d([0.3, 1, 0.6, 0.5]);

/** Every loss of class labels. */
const ofLabels = (reduction: 'mean' | 'sum'): Readonly<Record<string, Loss>> => ({
  softmaxCrossEntropy: (x, y) => losses.softmaxCrossEntropy(x, y, { reduction }),
  'softmaxCrossEntropy, smoothed': (x, y) => losses.softmaxCrossEntropy(x, y, { reduction, labelSmoothing: 0.2 }),
  softmaxFocal: (x, y) => losses.softmaxFocal(x, y, { reduction, alpha }),
  'softmaxFocal, gamma 0': (x, y) => losses.softmaxFocal(x, y, { reduction, gamma: 0 }),
  maskedTokenCrossEntropy: (x, y) => losses.maskedTokenCrossEntropy(x, y, { reduction }),
  'maskedTokenCrossEntropy, weighted': (x, y, rows) =>
    losses.maskedTokenCrossEntropy(x, y, { reduction, weights: tf.tensor1d(pick([1, 2, 0.5, 3], rows)) }),
  nextTokenCrossEntropy: (x, y) =>
    losses.nextTokenCrossEntropy(places(x), tf.expandDims(y, 0), { reduction, shift: false }),
  visualTokenCrossEntropy: (x, y) =>
    losses.visualTokenCrossEntropy(places(x), tf.expandDims(y, 0), tf.ones([1, y.size]), { reduction }),
  mixedCrossEntropy: (x, y, rows) =>
    losses.mixedCrossEntropy(x, y, ints(pick(partners, rows)), tf.gather(shares, ints(rows)), { reduction }),
  'mixedCrossEntropy, of partners': (x, y, rows) =>
    losses.mixedCrossEntropy(x, ints(pick(partners, rows)), y, 0.25, { reduction }),
  'softTargetCrossEntropy of mixedTargets': (x, y, rows) =>
    losses.softTargetCrossEntropy(x, losses.mixedTargets(y, ints(pick(partners, rows)), 0.3, classes), { reduction }),
  decoupledDistillation: (x, y, rows) =>
    losses.decoupledDistillation(x, tf.tensor2d(pick(others, rows)), y, { reduction }),
  'the labels of distillation': (x, y, rows) =>
    losses.distillation(x, tf.tensor2d(pick(others, rows)), { labels: y, alpha: 0, reduction }),
  dice: (x, y) => losses.dice(places(x), tf.expandDims(y, 0), { reduction }),
  generalizedDice: (x, y) => losses.generalizedDice(places(x), tf.expandDims(y, 0), { reduction }),
  'the generator of electraLoss': (x, y) =>
    losses.electraLoss({ logits: x, labels: y }, { logits: tf.ones([1, 2]), replaced: tf.ones([1, 2]) }).loss,
  diceCrossEntropy: (x, y, rows) =>
    losses.diceCrossEntropy(places(x), tf.expandDims(y, 0), rows.length > 2 ? { classWeights: alpha } : {}),
});

const run = (mode: 'eager' | 'compiled', loss: Loss, labels: readonly number[], rows = [0, 1, 2, 3]) =>
  lossAndGradients(mode, (x) => loss(x!, ints(labels), rows), [tf.tensor2d(pick(logits, rows))]);
const numbers = (x: tf.Tensor): number[] => [...x.dataSync()];

describe.each(modes)('a label that is none, %s', (mode) => {
  describe.each(['mean', 'sum'] as const)('%s', (reduction) => {
    it.each(Object.entries(ofLabels(reduction)))('%s leaves out its row', async (_, loss) => {
      const [value, gradient] = await run(mode, loss, [2, 0, 4], [0, 2, 3]);
      const rows = gradient!.arraySync() as Rows;
      for (const mark of [noLabel, -100]) {
        const [same, slope] = await run(mode, loss, [2, mark, 0, 4]);
        expect(same!).toBeAllClose(value!, { rtol: 1e-5 });
        expect(slope!).toBeAllClose([rows[0]!, [0, 0, 0, 0, 0], rows[1]!, rows[2]!], { rtol: 1e-4, atol: 1e-6 });
      }
    });

    it.each(Object.entries(ofLabels(reduction)))('%s is NaN outside the classes', async (_, loss) => {
      for (const label of [classes, -2, 1000, -(2 ** 31)]) {
        const [value, gradient] = await run(mode, loss, [2, label, 0, 4]);
        expect(value!).toBeAllClose(NaN);
        expect(numbers(tf.slice(gradient!, [1, 0], [1, -1])).some(Number.isNaN)).toBe(true);
      }
    });

    it.each(Object.entries(ofLabels(reduction)))('%s over nothing is NaN, with its gradient', async (_, loss) => {
      const [value, gradient] = await run(mode, loss, [-1, -1, -100, -1]);
      expect(value!).toBeAllClose(NaN);
      expect(numbers(gradient!).some(Number.isNaN)).toBe(true);
    });
  });

  it('has 0 under reduction none, as in PyTorch', async () => {
    const none = { reduction: 'none' } as const;
    const y = [2, noLabel, 0, 4];
    for (const loss of [
      (x: tf.Tensor2D) => losses.softmaxCrossEntropy(x, ints(y), none),
      (x: tf.Tensor2D) => losses.softmaxFocal(x, ints(y), none),
      (x: tf.Tensor2D) => losses.maskedTokenCrossEntropy(x, ints(y), none),
      (x: tf.Tensor2D) => losses.mixedCrossEntropy(x, ints(y), ints(partners), 0.5, none),
      (x: tf.Tensor2D) => losses.softTargetCrossEntropy(x, losses.mixedTargets(ints(y), ints(y), 1, classes), none),
      (x: tf.Tensor2D) => losses.decoupledDistillation(x, tf.tensor2d(others), ints(y), none),
    ]) {
      // Summed with weights, so that each row can be told.
      const weighted = (x: tf.Tensor2D): tf.Scalar => tf.sum(tf.mul(loss(x), tf.tensor1d([0, 1, 0, 0])));
      const [value, gradient] = await lossAndGradients(mode, (x) => weighted(x!), [tf.tensor2d(logits)]);
      expect(value!).toBeAllClose(0);
      expect(gradient!).toBeAllClose(tf.zeros([4, classes]));
    }
  });

  it('is not read where the weight is 0', async () => {
    const y = [2, 77, 0, -5];
    const weights = tf.tensor1d([1, 0, 1, 0]);
    const [value, gradient] = await run(mode, (x) => losses.maskedTokenCrossEntropy(x, ints(y), { weights }), y);
    const [expected, slope] = await run(mode, (x, labels) => losses.maskedTokenCrossEntropy(x, labels), [2, 0], [0, 2]);
    expect(value!).toBeAllClose(expected!);
    const rows = slope!.arraySync() as Rows;
    const zeros = [0, 0, 0, 0, 0];
    expect(gradient!).toBeAllClose([rows[0]!, zeros, rows[1]!, zeros]);
    const mask = tf.tensor2d([[1, 0, 1, 0]]);
    const visual: Loss = (x, labels) => losses.visualTokenCrossEntropy(places(x), tf.expandDims(labels, 0), mask);
    expect((await run(mode, visual, y))[0]!).toBeAllClose(expected!);
  });

  it('leaves a sample to its teacher', async () => {
    const teacher = tf.tensor2d(others);
    const soft: Loss = (x) => losses.distillation(x, teacher);
    const hard: Loss = (x, y) => losses.softmaxCrossEntropy(x, y);
    const both: Loss = (x, labels) => losses.distillation(x, teacher, { labels, alpha: 0.4 });
    const y = [2, noLabel, 0, noLabel];
    const [[a], [b], [together]] = [await run(mode, soft, y), await run(mode, hard, y), await run(mode, both, y)];
    expect(together!).toBeAllClose(0.4 * numbers(a!)[0]! + 0.6 * numbers(b!)[0]!);
    expect((await run(mode, both, [2, 5, 0, 1]))[0]!).toBeAllClose(NaN);
    const teacherAlone: Loss = (x, labels) => losses.distillation(x, teacher, { labels, alpha: 1 });
    expect((await run(mode, teacherAlone, [-1, -1, -1, -1]))[0]!).toBeAllClose(a!);
  });

  it('is like no other image in supCon', async () => {
    const z = draw(3, 8, 3);
    const loss = (y: number[], views: number) => (x: tf.Tensor2D) => losses.supCon(x, ints(y), { views });
    const at = async (y: number[], views = 2) => lossAndGradients(mode, (x) => loss(y, views)(x!), [tf.tensor2d(z)]);
    const [[value, gradient], [apart, slope]] = [await at([1, -1, 1, -1]), await at([1, 5, 1, 6])];
    expect(value!).toBeAllClose(apart!);
    expect(gradient!).toBeAllClose(slope!);
    // One view: two anchors of eight have a label, and a partner.
    const [once] = await at([4, -1, -100, 4, -1, -1, -1, -1], 1);
    const each = losses.supCon(tf.tensor2d(z), ints([4, 5, 6, 4, 7, 8, 9, 10]), { views: 1, reduction: 'sum' });
    expect(once!).toBeAllClose(numbers(each)[0]! / 2);
    for (const y of [
      [-1, -1, -1, -1, -1, -1, -1, -1],
      [4, -2, 4, 4, 4, 4, 4, 4],
    ]) {
      const [none, broken] = await at(y, 1);
      expect(none!).toBeAllClose(NaN);
      expect(numbers(broken!).some(Number.isNaN)).toBe(true);
    }
  });

  it('is no region, no token and no place of the others', async () => {
    const z = tf.tensor2d(draw(4, 4, 3));
    const masks = (values: number[]) => tf.tensor2d([values], [1, 4], 'int32');
    const regions = (own: number[], other: number[]) =>
      lossAndGradients(mode, (x) => losses.detConS(places(x!), places(z), masks(own), masks(other)), [
        tf.tensor2d(draw(5, 4, 3)),
      ]);
    const [[value], [apart]] = [
      await regions([1, -1, 2, -1], [2, -1, 1, 0]),
      await regions([1, 7, 2, 8], [2, 9, 1, 0]),
    ];
    expect(value!).toBeAllClose(apart!);

    const teacher = tf.tensor3d([draw(6, 3, classes), draw(7, 3, classes)]);
    const index = (values: number[][]) => tf.tensor2d(values, [2, 2], 'int32');
    const capi = (values: number[][]) =>
      lossAndGradients(
        mode,
        (x) => losses.capi(teacher, tf.reshape(x!, [2, 2, classes]), { teacherIndex: index(values) }),
        [tf.tensor2d(logits)],
      );
    const [missing, slope] = await capi([
      [2, 0],
      [1, -1],
    ]);
    expect(Number.isFinite(numbers(missing!)[0]!)).toBe(true);
    expect(tf.slice(slope!, [3, 0])).toBeAllClose([[0, 0, 0, 0, 0]]);
    for (const wrong of [-2, 3]) {
      const [broken] = await capi([
        [2, 0],
        [wrong, 1],
      ]);
      expect(broken!).toBeAllClose(NaN);
    }

    const view = (source: number) => ({
      global: tf.tensor2d(draw(8, 2, 3)),
      coarse: tf.tensor3d([draw(9, 4, 3), draw(10, 4, 3)]),
      fine: tf.tensor3d([draw(11, 5, 3), draw(12, 5, 3)]),
      source: ints([1, source]),
    });
    for (const source of [-1, 4]) expect(losses.amdim(view(0), view(source)).coarseToCoarse).toBeAllClose(NaN);
    expect(Number.isFinite(numbers(losses.amdim(view(0), view(3)).total)[0]!)).toBe(true);
  });
});

it('a sample of which no place counts is left out of the mean of dice', () => {
  const x = tf.tensor3d([logits, others]);
  const y = tf.tensor2d([2, 0, 1, 4, -1, -1, -1, -1], [2, 4], 'int32');
  const alone = (loss: typeof losses.dice) =>
    loss(tf.tensor3d([logits]), tf.tensor2d([2, 0, 1, 4], [1, 4], 'int32')).dataSync()[0]!;
  for (const loss of [losses.dice, losses.generalizedDice] as (typeof losses.dice)[]) {
    expect(loss(x, y)).toBeAllClose(alone(loss), { rtol: 1e-5 });
    expect(loss(x, y, { reduction: 'none' })).toBeAllClose([alone(loss), NaN], { rtol: 1e-5 });
  }
});
