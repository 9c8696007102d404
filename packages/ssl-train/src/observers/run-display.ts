import { chooseDevice, type CompileOptions, type MemoryPlan } from '@selfsup/ssl-tensor';
import type { ProgressReporter } from './progress/progress-reporter.js';
import { figuresText, roughDuration } from './progress/status-text.js';
import { epochOf } from '../run/epoch-of.js';
import { machineMemory } from '../step/machine-memory.js';
import type { RunPlan } from '../run/run-plan.js';
import { Speedometer } from './speedometer.js';
import { judgeMemory } from '../step/step-memory.js';
import { resumedText } from '../run/stop-text.js';
import { WaitingTime } from '../run/waiting-time.js';
import { TimeLeft } from './time-left.js';
import type { EvaluationEvent, NoteEvent, RunInfo, StepEvent, TrainerObserver } from './trainer-observer.js';
import { trainerDefaults } from '../run/trainer-options.js';

/** What the display wants of a run. */
type DisplayPlan = Pick<RunPlan<unknown>, 'accumulateSteps' | 'stepsPerEpoch' | 'totalSteps' | 'options' | 'observers'>;

/** Steps after which their time is known well enough to say what all of them will take; fewer where they are long. */
const known = { steps: 10, seconds: 5 };

/** What a step took. */
interface ComputedStep {
  readonly samples: number;
  readonly seconds: number;
  /** Whether something was compiled in the time. */
  readonly compiled: boolean;
}

/** Tells who watches a run what goes on: compiling, memory, speed, time, what observers found. */
export class RunDisplay implements TrainerObserver {
  readonly speed = new Speedometer();
  readonly waiting = new WaitingTime();
  readonly left: TimeLeft;
  readonly #progress: ProgressReporter;
  readonly #plan: DisplayPlan;
  readonly #warn: (text: string) => void;
  readonly #figures: Record<string, number> = {};
  #startStep = 0;
  #batchSize = 0;
  #compiledFrom = 0;
  #toldTime = false;
  #toldSizes = new Set<number>();

  /** @param warn tells what the user must know */
  constructor(progress: ProgressReporter, plan: DisplayPlan, warn: (text: string) => void) {
    this.#progress = progress;
    this.#plan = plan;
    this.#warn = warn;
    this.left = new TimeLeft(plan);
  }

  /** Says where a run begins. */
  onStart({ method: name, startStep, from, totalSteps, stepsPerEpoch }: RunInfo): void {
    const { options } = this.#plan;
    this.#startStep = startStep;
    const totalEpochs = Math.ceil(totalSteps / stepsPerEpoch);
    if (from !== undefined) {
      this.#progress.note(resumedText({ step: startStep, totalSteps, stepsPerEpoch, path: from }));
    } else if (options.checkpoint?.resume !== undefined && options.checkpoint.resume !== false)
      this.#progress.info?.(`${options.checkpoint.dir} holds no checkpoint to go on from: the run starts`);
    this.#progress.start({
      name,
      totalSteps,
      startStep,
      totalEpochs,
      ...(startStep === 0 ? {} : { startEpoch: epochOf(startStep, stepsPerEpoch) }),
    });
    if (startStep < totalSteps) this.#progress.phase?.('waiting for the first batch');
  }

  /** Options of `compile()` that tell of it. */
  compileHooks(options: CompileOptions | undefined): Pick<CompileOptions, 'onTrace' | 'onReady'> {
    return {
      onTrace: (memory) => {
        options?.onTrace?.(memory);
        this.#traced(memory);
      },
      onReady: () => {
        options?.onReady?.();
        this.#progress.info?.(`compiled the step in ${roughDuration((performance.now() - this.#compiledFrom) / 1000)}`);
        this.#progress.phase?.('first step');
      },
    };
  }

  /** A batch of a kind that the step was not compiled for yet. */
  compiling(batchSize: number): void {
    this.#batchSize = batchSize;
    this.#compiledFrom = performance.now();
    this.#progress.phase?.('compiling the step');
  }

  /** A step was computed. */
  stepped(step: number, { samples, seconds, compiled }: ComputedStep): void {
    this.speed.add(samples, seconds, compiled);
    this.waiting.add(step, seconds, compiled);
  }

  /** What observers are told of the speed. */
  get speedNow(): Required<Pick<StepEvent, 'samplesPerSecond' | 'waitingShare'>> {
    return { samplesPerSecond: this.speed.samplesPerSecond, waitingShare: this.waiting.share };
  }

  onStep({ step, epoch, loss, samplesPerSecond, seconds }: StepEvent): void {
    // Told of again after a resume, it says nothing of the speed.
    if (samplesPerSecond === undefined) return;
    const secondsLeft = this.left.after(step, this.speed.secondsPerStep);
    this.#progress.update({
      step,
      epoch,
      loss,
      samplesPerSecond,
      secondsLeft,
      waitingShare: this.waiting.recentShare,
      ...(Object.keys(this.#figures).length === 0 ? {} : { figures: { ...this.#figures } }),
    });
    this.#tellTime(step, secondsLeft, seconds);
    const advice = this.waiting.advice(step);
    if (advice !== undefined) this.#warn(advice);
  }

  /** Says that an epoch's observers are at work. */
  evaluating(epoch: number): void {
    if (this.#plan.observers.length > 0) this.#progress.phase?.(`observers of epoch ${epoch}`);
  }

  /** Says that they are done. */
  evaluated(): void {
    this.#progress.phase?.(undefined);
  }

  /** Shows what observers found: on a line of its own after an epoch, in the status after a step. */
  onEvaluation({ metrics, epoch, after }: EvaluationEvent): void {
    Object.assign(this.#figures, metrics);
    if (after === 'epoch') this.#progress.info?.(`epoch ${epoch}: ${figuresText(metrics)}`);
  }

  onNote({ text }: NoteEvent): void {
    this.#progress.note(text);
  }

  /** Once per size of batch: the graphs of one update are counted together. */
  #traced(memory: MemoryPlan): void {
    const { accumulateSteps, options } = this.#plan;
    if (this.#toldSizes.has(this.#batchSize)) return;
    this.#toldSizes.add(this.#batchSize);
    // What another device has is not known here.
    if (chooseDevice(options.compile?.device).device !== 'cpu') return;
    const shape = { batchSize: this.#batchSize, accumulateSteps, savesState: options.checkpoint !== undefined };
    const refuse = (options.memory ?? trainerDefaults.memory) === 'refuse';
    const { text, isTight } = judgeMemory(memory, shape, machineMemory(), refuse);
    if (isTight) this.#warn(text);
    else this.#progress.info?.(`takes ${text}`);
  }

  #tellTime(step: number, secondsLeft: number | undefined, secondsBefore: number): void {
    const { steps, seconds } = this.speed.measured;
    if (this.#toldTime || secondsLeft === undefined || (steps < known.steps && seconds < known.seconds)) return;
    this.#toldTime = true;
    if (step === this.#plan.totalSteps) return;
    const all =
      this.#startStep === 0
        ? `${roughDuration(secondsBefore + secondsLeft)} in all`
        : `${roughDuration(secondsLeft)} for the ${this.#plan.totalSteps - step} steps that are left`;
    this.#progress.info?.(`about ${roughDuration(this.speed.secondsPerStep!)} per step, ${all}`);
  }
}
