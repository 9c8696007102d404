import { recipeOf, type MethodName } from '../recipes/recipes.js';
import type { MeasuredMethod, MeasuredPictures } from './measured-method.js';

/** What is estimated for. */
export interface EstimatedRun {
  readonly method: MethodName;
  /** As rows of the table begin; see `encoderName`. */
  readonly encoder: string;
  readonly imageSize: number;
}

/** A number, and of what. */
export interface Estimate {
  readonly value: number;
  /** `measured`: of this method; `facts`: of others with the same encoder, by passes. */
  readonly basis: 'measured' | 'facts';
  readonly threads: number;
}

/** A process before it trains, MB: what does not grow with the batch. */
const processMemory = 300;

type Table = readonly MeasuredMethod[];
type Sets = Readonly<Record<string, MeasuredPictures>>;

const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!;
/** Work grows with the pictures' area. */
const area = ({ imageSize }: EstimatedRun, row: MeasuredMethod, sets: Sets): number =>
  (imageSize / (sets[row.data]?.imageSize ?? imageSize)) ** 2;
const passesOf = (method: string): number => recipeOf(method as MethodName).passes;

/**
 * From what was measured with the same encoder: of the method itself, else of all others.
 *
 * @param of a number of a row, as it is for the run
 */
function estimate(
  run: EstimatedRun,
  table: Table,
  of: (row: MeasuredMethod) => number | undefined,
): Estimate | undefined {
  const same = table.filter(({ encoder }) => encoder.startsWith(run.encoder));
  const own = same.filter(({ method }) => method === run.method);
  const rows = (own.length > 0 ? own : same).filter((row) => of(row) !== undefined);
  if (rows.length === 0) return undefined;
  return {
    value: median(rows.map((row) => of(row)!)),
    basis: own.length > 0 ? 'measured' : 'facts',
    threads: rows[0]!.threads,
  };
}

/** Seconds of an epoch of so many pictures, where the encoder was measured. */
export const epochSeconds = (
  run: EstimatedRun & { readonly images: number },
  table: Table,
  sets: Sets,
): Estimate | undefined =>
  estimate(
    run,
    table,
    (row) =>
      ((row.seconds * run.images) / (row.images * row.epochs)) *
      area(run, row, sets) *
      (passesOf(run.method) / passesOf(row.method)),
  );

/** Bytes that training with such a batch takes, where the encoder was measured. */
export const trainingBytes = (
  run: EstimatedRun & { readonly batchSize: number },
  table: Table,
  sets: Sets,
): Estimate | undefined =>
  estimate(run, table, ({ peakMemory, batchSize, ...row }) => {
    if (peakMemory === undefined) return undefined;
    const grows = Math.max(0, peakMemory - processMemory);
    const share = (run.batchSize / batchSize) * area(run, { batchSize, ...row }, sets);
    return 1e6 * (processMemory + grows * share);
  });
