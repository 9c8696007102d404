import type { NdArray } from '@selfsup/ssl-tensor/host';

/** How features of some inputs spread. */
export interface FeatureSpread {
  readonly rows: number;
  readonly dim: number;
  /** Deviation of the rows at length 1: `1 / sqrt(dim)` where they spread evenly. */
  readonly deviation: number;
  readonly rankMe: number;
  /** Of the features around their mean. */
  readonly effectiveRank: number;
}

/** Of features that are not all finite: the loss will tell. */
export const notFinite: FeatureSpread = { rows: 0, dim: 1, deviation: NaN, rankMe: NaN, effectiveRank: NaN };

/** Fewer dimensions or rows have no rank to lose. */
const fewDimensions = 8;

/** What to do about a collapse. */
export const collapseAdvice =
  'Features that have collapsed seldom come back: stop the run, and start anew in another folder with a lower learning rate or a longer warm-up. In a method of your own, see that the loss holds features apart (negatives, variance) or that no gradient goes into its targets';

/**
 * What has happened to features since the start of a run, where they have collapsed. The limits are those of
 * `collapseWatch`.
 */
export function collapseOf(
  now: FeatureSpread,
  start: Pick<FeatureSpread, 'deviation' | 'effectiveRank'>,
): string | undefined {
  const { rows, dim, deviation, effectiveRank } = now;
  const even = 1 / Math.sqrt(dim);
  const [level, before] = [deviation / even, start.deviation / even];
  const hasLostRank = effectiveRank < start.effectiveRank / 2;
  const isPoint =
    // Little more than the rounding errors of float32, whose rank is high.
    level < 1e-4 ||
    // A masked autoencoder gets below 0.01 too: its mean grows, its rank stays.
    (level < 0.05 && level < before / 10 && hasLostRank);
  if (isPoint)
    return `the features of ${rows} inputs have nearly collapsed to a point: they deviate by ${text(deviation)}, where ${text(even)} is even in ${dim} dimensions, and it was ${text(start.deviation)} at the start`;
  const most = Math.min(rows - 1, dim);
  const isFlat =
    most >= fewDimensions && (effectiveRank < start.effectiveRank / 20 || (effectiveRank < 1.5 && hasLostRank));
  if (isFlat)
    return `the features of ${rows} inputs have collapsed to few dimensions: their effective rank is ${text(effectiveRank)} of at most ${most}, and it was ${text(start.effectiveRank)} at the start`;
  return undefined;
}

const text = (value: number): string => String(Number(value.toPrecision(3)));

/** Features less their mean. */
export function centred({ data, shape }: NdArray<Float32Array>): NdArray<Float32Array> {
  const [rows, dim] = shape as [number, number];
  const means = new Float64Array(dim);
  data.forEach((value, at) => (means[at % dim]! += value / rows));
  return { data: data.map((value, at) => value - means[at % dim]!), shape };
}
