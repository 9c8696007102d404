/** Views executed on whole batches by tensor ops. Needs the tensor engine, which the main entry does not. */
export type { PackedParameters, Size, StepTensors } from './batched/batched-step.js';
export { batchedViews, drawnTensors } from './batched/batched-views.js';
export type { BatchedViews, BatchedViewsOptions, DrawnViews, DrawnViewTensors } from './batched/batched-views.js';
export { sampleKeys } from './batched/sample-keys.js';
