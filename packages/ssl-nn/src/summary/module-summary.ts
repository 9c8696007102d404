/** What one module of a model has and does, with all that is in it. */
export interface ModuleSummary {
  /** As `namedModules()` has it; `''` is the model. */
  readonly name: string;
  /** The class. */
  readonly kind: string;
  /** Trainable numbers. Of tied tensors, each module that has them counts them. */
  readonly parameters: number;
  /** Products with their additions, of the batch. */
  readonly multiplyAdds: number;
  /** Of its last call; none: it was not called by itself. */
  readonly output?: readonly number[];
}
