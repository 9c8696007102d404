import { z } from 'zod';

/** A positive integer. */
export const count = z.int().min(1);
/** A number above 0. */
export const positive = z.number().gt(0);
/** A number in 0 .. 1. */
export const fraction = z.number().min(0).max(1);

/** AdamW under a one-cycle schedule. */
export function oneCycle(learningRate: number): {
  learningRate: z.ZodDefault<typeof positive>;
  weightDecay: z.ZodDefault<z.ZodNumber>;
  checkpointEvery: z.ZodDefault<typeof count>;
} {
  return {
    /** Peak of the one-cycle schedule. */
    learningRate: positive.default(learningRate),
    weightDecay: z.number().min(0).default(1e-4),
    /** Steps between checkpoints. */
    checkpointEvery: count.default(100),
  };
}

/** What the vision report shows. */
export const evaluation = z.strictObject({
  /** Test images on the map of the features. */
  mapPoints: count.min(32).default(1500),
  /** Test images whose nearest neighbours are shown. */
  queries: count.default(6),
  neighbours: count.default(8),
});
