import type { Recipe } from '../recipes/recipe-schema.js';
import type { Interruption } from './interruption.js';
import type { PlannedStage, Progress } from './progress.js';
import type { RunDirectory } from './run-directory.js';
import type { Stages } from './stages.js';

/** Where the graphs run. */
export type Device = 'auto' | 'cpu' | 'webgpu' | 'cuda' | 'tensorflow';

/** What a pipeline works with. */
export interface PipelineContext {
  readonly directory: RunDirectory;
  readonly stages: Stages;
  readonly progress: Progress;
  readonly interruption: Interruption;
  /** Loader threads, where given. */
  readonly workers: number | undefined;
  readonly device: Device;
  readonly quiet: boolean;
}

/** What a kind of recipe does, in stages that leave their results in the run's folder. */
export interface Pipeline<R extends Recipe> {
  plan(recipe: R): PlannedStage[];
  /** Runs the stages that are not finished yet. */
  run(recipe: R, context: PipelineContext): Promise<void>;
}
