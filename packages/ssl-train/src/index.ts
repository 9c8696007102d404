export { checkpointPath, latestCheckpoint, listCheckpoints } from './checkpoint/checkpoint-directory.js';
export type { CheckpointEntry } from './checkpoint/checkpoint-directory.js';
export { readCheckpoint, verifyCheckpoint } from './checkpoint/checkpoint-file.js';
export type { CheckpointContents } from './checkpoint/checkpoint-file.js';
export { DamagedCheckpointError } from './checkpoint/damaged-checkpoint-error.js';
export type { DamagedCheckpoint } from './checkpoint/newest-whole-checkpoint.js';
export type { JsonValue, RunConfig } from './checkpoint/run-config.js';
export type { RunEnvironment } from './checkpoint/run-environment.js';
export type { RunRecord, ScheduleSample } from './checkpoint/run-record.js';
export { weightsDigest } from './checkpoint/weights-digest.js';
export { checkFolderRun, folderFiles, readFolderRun } from './folder/folder-run.js';
export type { FolderRun } from './folder/folder-run.js';
export { isJsonRecord, readDescription } from './folder/read-description.js';
export type { DescriptionPlace } from './folder/read-description.js';
export { tellerOf } from './folder/teller-of.js';
export { trainInFolder } from './folder/train-in-folder.js';
export type { FolderRunResult, TrainInFolderOptions } from './folder/train-in-folder.js';
export { Ema } from './step/ema.js';
export type { EmaBuffers, EmaOptions, EmaPair } from './step/ema.js';
export { csvLog } from './observers/logging/csv/csv-log.js';
export { JsonlLog } from './observers/logging/jsonl-log.js';
export type { LogRecord } from './observers/logging/jsonl-log.js';
export { logTo } from './observers/logging/log-observer.js';
export { mlflowLog, mlflowLogDefaults } from './observers/logging/mlflow/mlflow-log.js';
export type { MlflowLogOptions } from './observers/logging/mlflow/mlflow-log.js';
export type { RunLogger, RunOutcome } from './observers/logging/run-logger.js';
export type { EmbeddingsOptions } from './observers/logging/tensorboard/projector.js';
export { tensorBoardLog } from './observers/logging/tensorboard/tensorboard-log.js';
export type { TensorBoardLog } from './observers/logging/tensorboard/tensorboard-log.js';
export { Adafactor, adafactorDefaults } from './optimizers/adafactor.js';
export type { AdafactorOptions } from './optimizers/adafactor.js';
export { Adam, adamDefaults } from './optimizers/adam.js';
export { AdamFamily } from './optimizers/adam-family.js';
export type { AdamOptions } from './optimizers/adam-family.js';
export { AdamW, adamWDefaults } from './optimizers/adam-w.js';
export { decayEverything, decayMatrices } from './optimizers/decay-filter.js';
export type { DecayFilter } from './optimizers/decay-filter.js';
export { Lamb, lambDefaults } from './optimizers/lamb.js';
export type { LambOptions } from './optimizers/lamb.js';
export { Lars, larsDefaults } from './optimizers/lars.js';
export type { LarsOptions } from './optimizers/lars.js';
export { layerDecayGroups } from './optimizers/layer-decay-groups.js';
export type { LayerDecayOptions } from './optimizers/layer-decay-groups.js';
export { Lion, lionDefaults } from './optimizers/lion.js';
export type { LionOptions } from './optimizers/lion.js';
export { spread, squaredNorms } from './optimizers/parameter-norms.js';
export { Optimizer } from './optimizers/optimizer.js';
export type { OptimizerSettings, UpdatedVectors, UpdateScalars, VectorUpdate } from './optimizers/optimizer.js';
export type { OptimizedParameter, ParameterGroup, TrainableParameter } from './optimizers/parameter-group.js';
export type { SlotKind } from './optimizers/slot.js';
export { Sgd, sgdDefaults } from './optimizers/sgd.js';
export type { SgdOptions } from './optimizers/sgd.js';
export { nanWatch } from './observers/nan-watch/nan-watch.js';
export type { NanWatchOptions } from './observers/nan-watch/nan-watch.js';
export type { NonFiniteTensor } from './observers/nan-watch/non-finite-tensor.js';
export { replayStep } from './observers/nan-watch/replay-step.js';
export type { ReplayedStep, ReplayStepOptions } from './observers/nan-watch/replay-step.js';
export { earlyStop } from './observers/early-stop.js';
export type { EarlyStopOptions } from './observers/early-stop.js';
export { BestCheckpoints, keepBest } from './observers/keep-best.js';
export type { BestCheckpoint, KeepBestOptions } from './observers/keep-best.js';
export { BarProgress } from './observers/progress/bar-progress.js';
export type { BarProgressOptions } from './observers/progress/bar-progress.js';
export type { ProgressOption } from './observers/progress/choose-progress.js';
export { LineProgress } from './observers/progress/line-progress.js';
export type { LineProgressOptions } from './observers/progress/line-progress.js';
export type { ProgressReporter, ProgressStart, ProgressStatus } from './observers/progress/progress-reporter.js';
export { SilentProgress } from './observers/progress/silent-progress.js';
export { constant } from './schedules/constant.js';
export { cosine } from './schedules/cosine.js';
export type { CosineOptions } from './schedules/cosine.js';
export { inverseSquareRoot } from './schedules/inverse-square-root.js';
export type { InverseSquareRootOptions } from './schedules/inverse-square-root.js';
export { linearWarmup } from './schedules/linear-warmup.js';
export type { LinearWarmupOptions } from './schedules/linear-warmup.js';
export { oneCycle, oneCycleDefaults } from './schedules/one-cycle.js';
export type { OneCycleOptions } from './schedules/one-cycle.js';
export { polynomial } from './schedules/polynomial.js';
export type { PolynomialOptions } from './schedules/polynomial.js';
export { scaleByBatch } from './schedules/scale-by-batch.js';
export type { ScaleByBatchOptions } from './schedules/scale-by-batch.js';
export type { Schedule } from './schedules/schedule.js';
export { stepDecay } from './schedules/step-decay.js';
export type { StepDecayOptions } from './schedules/step-decay.js';
export { warmupCosine } from './schedules/warmup-cosine.js';
export type { WarmupCosineOptions } from './schedules/warmup-cosine.js';
export type { BatchLoader } from './run/batch-loader.js';
export { zipLoaders } from './run/zip-loaders.js';
export type { ZippedBatch } from './run/zip-loaders.js';
export type { Evaluation, HistoryEntry } from './run/history.js';
export type { Method, MethodLoss, RunShape, StepContext } from './step/method.js';
export { NonFiniteLossError } from './step/non-finite-loss-error.js';
export type { Tensors } from './step/tensors.js';
export { NotEnoughMemoryError } from './step/not-enough-memory-error.js';
export { Trainer } from './run/trainer.js';
export { trainingMemory } from './run/training-memory.js';
export type { TrainingMemory } from './run/training-memory.js';
export type {
  BatchEvent,
  CheckpointEvent,
  EpochEvent,
  EvaluationEvent,
  NoteEvent,
  ObserverMetrics,
  RunControl,
  RunInfo,
  StepEvent,
  TrainerObserver,
  TrainerResult,
} from './observers/trainer-observer.js';
export { allReduced } from './stages/all-reduced.js';
export { clipByGlobalNorm } from './stages/clip-by-global-norm.js';
export { dynamicLossScale, dynamicLossScaleDefaults } from './stages/dynamic-loss-scale.js';
export type { DynamicLossScaleOptions } from './stages/dynamic-loss-scale.js';
export type { GradientStage, StagedGradients } from './stages/gradient-stage.js';
export { gradientNorm } from './stages/gradient-norm.js';
export { skipNonFinite } from './stages/skip-non-finite.js';
export { trainerDefaults } from './run/trainer-options.js';
export type { TrainerCheckpointOptions, TrainerEmaOptions, TrainerOptions } from './run/trainer-options.js';
