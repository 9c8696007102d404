import type * as tf from '@tensorflow/tfjs-core';
import { effectiveRank, featureStd, rankMe } from '@selfsup/ssl-losses';
import { compile, type CompiledFunction, type CompileOptions, type Feed } from '@selfsup/ssl-tensor';
import { checkCount, checkOptions, type OptionNames, printable, ShapeError } from '@selfsup/ssl-tensor/host';
import type { JsonValue, TrainerObserver } from '@selfsup/ssl-train';
import { batchRows } from '../features/batch-rows.js';
import { FeatureExtractor } from '../features/extract-features.js';
import { inBatches } from '../features/in-batches.js';
import { centred, collapseAdvice, collapseOf, type FeatureSpread, notFinite } from './feature-spread.js';
import { everyEpochs as hooksEvery } from './every-epochs.js';

/** Options of {@link collapseWatch}. */
export interface CollapseWatchOptions<I = tf.Tensor> {
  /** Traced once; tensors of a batch in, `[batch, d]` out, in evaluation mode. `uint8` arrays arrive as `int32`. */
  readonly features: (inputs: I) => tf.Tensor2D;
  /** An `NdArray [n, ...]`, or a record or array of them with the same n, two rows or more; some 256 that differ do. */
  readonly inputs: Feed<I>;
  /** Epochs between measurements; the first and the end of the run are measured in any case. Default 1. */
  readonly everyEpochs?: number;
  /** Inputs that are computed at once. Default 64. */
  readonly batchSize?: number;
  /** Put before the names of the numbers, for several of these in one run: `head` gives `head.rankMe`. */
  readonly name?: string;
  /** Options of the compiled feature function. */
  readonly compile?: CompileOptions;
}

const collapseWatchOptionNames: OptionNames<CollapseWatchOptions> = {
  features: 'requiredFunction',
  inputs: 'required',
  everyEpochs: 'optionalNumber',
  batchSize: 'optionalNumber',
  name: 'optional',
  compile: 'optional',
};

/** Defaults of {@link collapseWatch}. */
export const collapseWatchDefaults = { everyEpochs: 1, batchSize: 64 } as const;

/**
 * An observer that watches, without labels, whether the features of some inputs collapse: to a point (all rows point the
 * same way) or to few dimensions. It measures at the start, after the first epoch, every `everyEpochs` and at the end;
 * when they have collapsed there is one note. Nothing is trained and the run does not change.
 *
 * Its numbers: `featureDeviation`, the deviation of the rows at length 1 (`featureStd`; `1 / sqrt(d)` where they spread
 * evenly, 0 at a point); `collapseLevel`, 1 at a point; `rankMe`, the smooth rank, which predicts transfer; and
 * `effectiveRank`, that of the features around their mean, at most `min(n - 1, d)`: features after a ReLU share a large
 * mean, which hides what is left of them from RankMe.
 *
 * Collapsed is, against the even deviation, one below 1/10000, or below 1/20 and a tenth of that at the start with half of
 * the effective rank lost. So is an effective rank below 1/20 of the start's, or below 1.5 and half of the start's. What is
 * low from the start on is not called so, nor is a common direction that grows while the rank stays, as in masked
 * autoencoders.
 *
 * @throws InvalidOptionError, ShapeError for options or inputs that do not fit
 * Source: Chen and He 2021 (arXiv 2011.10566, figure 2); Jing et al. 2021 (arXiv 2110.09348); Garrido et al. 2022
 * (arXiv 2210.02885). They read collapse off plots; the limits are ours.
 */
export function collapseWatch<I = tf.Tensor>(options: CollapseWatchOptions<I>): TrainerObserver {
  const where = 'collapseWatch';
  const given = checkOptions(where, options, collapseWatchOptionNames);
  const { features, inputs, everyEpochs, batchSize, name, compile: engine } = { ...collapseWatchDefaults, ...given };
  checkCount(where, { batchSize });
  const rows = batchRows(where, inputs);
  if (rows < 2) throw new ShapeError(where, 'inputs', 'two rows or more', `${rows}`);
  const [prefix, label] = name === undefined ? ['', where] : [`${name}.`, `${where} (${printable(name)})`];
  let compiled: Compiled<I> | undefined;
  let watched: Watched = { start: null, told: false };

  const look = async (): Promise<FeatureSpread> => {
    compiled ??= {
      features: new FeatureExtractor<I>(features, engine),
      deviation: compile((z: tf.Tensor2D) => featureStd(z), { name: where, ...engine }),
    };
    const z = await compiled.features.extract(inBatches(inputs, batchSize));
    if (!z.data.every(Number.isFinite)) return notFinite;
    const scalar = await compiled.deviation(z);
    const deviation = (await scalar.data())[0]!;
    scalar.dispose();
    return {
      rows,
      dim: z.shape[1]!,
      deviation,
      rankMe: await rankMe(z),
      effectiveRank: await effectiveRank(centred(z)),
    };
  };
  const { begin, ...hooks } = hooksEvery(where, everyEpochs, async (step, run) => {
    const now = await look();
    const found = watched.start === null ? undefined : collapseOf(now, watched.start);
    if (found !== undefined && !watched.told) {
      run.note(`${label}: at step ${step} ${found}. ${collapseAdvice}`);
      watched = { ...watched, told: true };
    }
    const { deviation, dim } = now;
    return {
      [`${prefix}featureDeviation`]: deviation,
      [`${prefix}collapseLevel`]: Math.max(0, 1 - Math.sqrt(dim) * deviation),
      [`${prefix}rankMe`]: now.rankMe,
      [`${prefix}effectiveRank`]: now.effectiveRank,
    };
  });
  const end = (): void => {
    compiled?.features.dispose();
    compiled?.deviation.dispose();
    compiled = undefined;
  };
  return {
    ...hooks,
    name: `${prefix}collapse-watch`,
    onStart: async (info) => {
      begin(info);
      if (info.startStep === 0) watched = { start: null, told: false };
      // A resumed run keeps the start of the first one.
      if (watched.start !== null) return;
      const { deviation, effectiveRank } = await look();
      if (Number.isFinite(deviation)) watched = { start: { deviation, effectiveRank }, told: false };
    },
    onEnd: end,
    onError: end,
    state: (): JsonValue => ({ ...watched, start: watched.start === null ? null : { ...watched.start } }),
    restore: (state) => void (watched = state as unknown as Watched),
  };
}

interface Compiled<I> {
  readonly features: FeatureExtractor<I>;
  readonly deviation: CompiledFunction<[tf.Tensor2D], tf.Scalar>;
}

/** A resumed run goes on from these. */
interface Watched {
  readonly start: Pick<FeatureSpread, 'deviation' | 'effectiveRank'> | null;
  readonly told: boolean;
}
