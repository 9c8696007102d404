import { z } from 'zod';

/** An integer from 1 to a bound. */
export const upTo = (bound: number): z.ZodInt => z.int().min(1).max(bound);
/** How many samples at most: what data sets can hold. */
export const count = z
  .int()
  .min(1)
  .max(2 ** 31 - 1);
/** Steps or epochs: at a thousand a second ten million take three hours, and longer plans are slips of the pen. */
export const steps = upTo(10_000_000);
/** Samples of a batch, and units of a layer. */
export const width = upTo(65_536);
/** What a report shows, or a measurement repeats. */
export const few = upTo(10_000);
/** A number above 0. */
export const positive = z.number().gt(0);
/** A number in 0 .. 1. */
export const fraction = z.number().min(0).max(1);

/** AdamW under a one-cycle schedule. */
export function oneCycle(learningRate: number): {
  learningRate: z.ZodDefault<typeof positive>;
  weightDecay: z.ZodDefault<z.ZodNumber>;
  checkpointEvery: z.ZodDefault<typeof steps>;
} {
  return {
    /** Peak of the one-cycle schedule. */
    learningRate: positive.default(learningRate),
    weightDecay: z.number().min(0).default(1e-4),
    /** Steps between checkpoints. */
    checkpointEvery: steps.default(100),
  };
}

/** What the vision report shows. */
export const evaluation = z.strictObject({
  /** Test images on the map of the features. */
  mapPoints: few.min(32).default(1500),
  /** Test images whose nearest neighbours are shown. */
  queries: few.default(6),
  neighbours: few.default(8),
});
