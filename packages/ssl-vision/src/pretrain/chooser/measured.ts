// Written by `npm run measured` from bench/results/methods.json. Do not change by hand.
import type { MeasuredMethod } from './measured-method.js';

/** What `npm run bench:methods` has measured. */
export const measured: readonly MeasuredMethod[] = [];
