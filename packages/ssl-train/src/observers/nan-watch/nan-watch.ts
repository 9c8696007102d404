import { join } from 'node:path';
import { checkPath, makeFolder } from '@selfsup/ssl-core/files';
import type { Module } from '@selfsup/ssl-nn';
import { checkOptions, type OptionNames } from '@selfsup/ssl-tensor/host';
import type { RunEnvironment } from '../../checkpoint/run-environment.js';
import type { Method, RunShape } from '../../step/method.js';
import { NonFiniteLossError } from '../../step/non-finite-loss-error.js';
import type { BatchEvent, TrainerObserver } from '../trainer-observer.js';
import { CopiedBatch } from './copied-batch.js';
import { diagnoseStep } from './diagnose-step.js';
import { HeldValues, type ModelTensor, modelTensors } from './model-tensors.js';
import { countNonFinite, type NonFiniteTensor } from './non-finite-tensor.js';
import { modelState, writeStepFile } from './step-file.js';
import type { StepPart, StepRecord } from './step-record.js';
import { stepText } from './step-text.js';

/** Options of {@link nanWatch}. */
export interface NanWatchOptions {
  /** Folder where a step that is not finite is written, made where it is missing. */
  readonly dir: string;
}

const nanWatchOptionNames: OptionNames<NanWatchOptions> = { dir: 'required' };

/** A step with what the model held before it. */
class HeldStep {
  readonly values = new HeldValues();
  record: StepRecord | undefined;
  #parts: StepPart[] = [];
  readonly #memory: CopiedBatch[] = [];

  begin({ step, phase, scalars }: BatchEvent, shape: RunShape): void {
    this.#parts = [];
    this.record = { step, phase, scalars, shape, parts: this.#parts };
  }

  async add({ part, batch, key }: BatchEvent): Promise<void> {
    this.#memory[part] ??= new CopiedBatch();
    this.#parts.push({ batch: await this.#memory[part].copy(batch), key });
  }
}

/**
 * An observer that tells where the numbers of a run first are no numbers. When the run ends with a loss that is not finite,
 * it computes the step again and adds to the error which tensor was the first: an array of the batch, a parameter, the
 * output of a module, the loss, a gradient, or a parameter after the update, as where the gradient of a finite loss is not
 * finite and the next loss tells. It writes `nan-step-<step>.safetensors` with what the step computed with, for
 * `replayStep`. The model is left as it was before that step.
 *
 * Its price is a copy of parameters, buffers, state and batch at each step (2 % of the time of a step of ViT-S on two
 * cores, `bench/nan-watch.ts`), and twice their memory.
 *
 * @throws InvalidOptionError for options that are none
 *
 * @example
 * const observers = nanWatch({ dir: 'runs/a' });
 */
export function nanWatch(options: NanWatchOptions): TrainerObserver {
  const where = 'nanWatch';
  const { dir } = checkOptions(where, options, nanWatchOptionNames);
  checkPath(where, 'dir', dir);
  let shape: RunShape = { totalSteps: 0, stepsPerEpoch: 0 };
  let environment: RunEnvironment | undefined;
  let trained:
    | { readonly method: Method<unknown, string>; readonly modules: Readonly<Record<string, Module>> }
    | undefined;
  let tensors: readonly ModelTensor[] = [];
  /** The step before, and the one that goes on or has ended. */
  let [before, now] = [new HeldStep(), new HeldStep()];

  return {
    name: where,
    onStart({ totalSteps, stepsPerEpoch, environment: own }) {
      shape = { totalSteps, stepsPerEpoch };
      environment = own;
      trained = undefined;
      [before, now] = [new HeldStep(), new HeldStep()];
    },
    async onBatch(event) {
      if (trained === undefined) {
        trained = { method: event.method, modules: event.modules };
        tensors = modelTensors(event.modules, event.method.state);
      }
      if (event.part === 0) {
        [before, now] = [now, before];
        await now.values.take(tensors);
        now.begin(event, shape);
      }
      await now.add(event);
    },
    async explain(error) {
      if (!NonFiniteLossError.isInstance(error) || trained === undefined || now.record === undefined) return undefined;
      const broken = brokenSince(tensors, before, now);
      const held = broken.length > 0 ? before : now;
      const [record, { method, modules }] = [held.record!, trained];
      held.values.restore();
      const path = join(dir, `nan-step-${String(record.step).padStart(8, '0')}.safetensors`);
      let file: string;
      try {
        await makeFolder(dir);
        const state = modelState(modules, method.state);
        await writeStepFile(path, { method: method.name, record, after: broken, tensors: state });
        file = `${path} holds the step: replayStep(path, { method }) computes it again`;
      } catch (cause) {
        file = `The step could not be written: ${messageOf(cause)}`;
      }
      try {
        const { device, threads } = environment!;
        const compile = { device: device as 'cpu', threads };
        const { losses, found } = await diagnoseStep(method, modules, record, compile);
        return `${stepText(record, { losses, found: [...found, ...broken] })}. ${file}`;
      } catch (cause) {
        return `The step could not be computed again: ${messageOf(cause)}. ${file}`;
      } finally {
        // What the forward passes assigned.
        held.values.restore();
      }
    },
  };
}

/** What is not finite now and was before the last update. */
function brokenSince(tensors: readonly ModelTensor[], before: HeldStep, now: HeldStep): NonFiniteTensor[] {
  if (before.record === undefined) return [];
  return tensors.flatMap((tensor): NonFiniteTensor[] => {
    const counts = countNonFinite(now.values.of(tensor));
    if (counts === undefined || countNonFinite(before.values.of(tensor)) !== undefined) return [];
    return [{ kind: 'update', name: tensor.name, part: 0, ...counts }];
  });
}

const messageOf = (cause: unknown): string => (cause instanceof Error ? cause.message : String(cause));
