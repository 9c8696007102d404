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

/** A recipe that has seen its data. */
export interface Opened<R extends Recipe> {
  /** With the sizes that the data have, where the recipe asks for more. */
  readonly recipe: R;
  readonly plan: readonly PlannedStage[];
  /** What was made smaller, a sentence each. */
  readonly notes: readonly string[];
}

/** What a kind of recipe does, in stages that leave their results in the run's folder. */
export interface Pipeline<R extends Recipe> {
  /**
   * Looks at the data before anything is computed.
   *
   * @throws DataError for data that are missing, InvalidOptionError for a recipe that they cannot give
   */
  open(recipe: R): Promise<Opened<R>>;
  /** Runs the stages that are not finished yet. */
  run(recipe: R, context: PipelineContext): Promise<void>;
}
