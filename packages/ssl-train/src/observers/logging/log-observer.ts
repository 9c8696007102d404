import { DataError } from '@selfsup/ssl-tensor/host';
import type { JsonValue } from '../../checkpoint/run-config.js';
import type { RunControl, StepEvent, TrainerObserver } from '../trainer-observer.js';
import { checkRunLogger } from './check-run-logger.js';
import type { RunLogger } from './run-logger.js';

/** What a logger was told of its newest step: with a checkpoint, what an interrupted step need not tell again. */
interface Told {
  readonly step: number;
  readonly names: Set<string>;
}

/**
 * An observer that tells a logger of a run: at logged steps `train/loss`, `train/learningRate` and `train/<metric>`,
 * `run/epoch`, `run/samplesPerSecond`, `run/waitingShare` and `run/seconds`; of what observers found `eval/<name>`; notes and the error that
 * ends the run as text. A metric that is called as one of these is `train/metrics/<metric>`.
 *
 * A resumed run goes on after the checkpoint's step, with every step once, also where an error cut its last step short.
 *
 * @returns for the Trainer's `observers`; one for each logger
 * @throws InvalidOptionError for what is no {@link RunLogger}
 *
 * @example
 * const observers = [logTo(csvLog('runs/a/log.csv')), logTo(tensorBoardLog('runs/a/board'))];
 */
export function logTo(logger: RunLogger): TrainerObserver {
  checkRunLogger('logTo', logger);
  let told: Told = { step: 0, names: new Set() };
  /** Of the checkpoint that the run goes on from. */
  let before: Told | undefined;
  let state: 'closed' | 'opening' | 'open' = 'closed';
  let notes: { readonly step: number; readonly text: string }[] = [];

  const tellNotes = async (): Promise<void> => {
    for (const { step, text } of notes.splice(0)) await logger.text?.(step, 'note', text);
  };
  const tellNumbers = async (step: number, values: Readonly<Record<string, number>>): Promise<void> => {
    await tellNotes();
    const isKnown = (name: string): boolean => before?.step === step && before.names.has(name);
    const fresh = Object.entries(values).filter(([name]) => !isKnown(name));
    if (fresh.length > 0) await logger.scalars(step, Object.fromEntries(fresh));
    if (told.step !== step) told = { step, names: new Set(before?.step === step ? before.names : []) };
    for (const name of Object.keys(values)) told.names.add(name);
  };
  const close = async (outcome: Parameters<RunLogger['close']>[0]): Promise<void> => {
    if (state === 'closed') return;
    state = 'closed';
    await logger.close(outcome);
  };

  return {
    name: logger.name,
    async onStart(info, run: RunControl) {
      if (info.startStep === 0) before = undefined;
      told = { step: before?.step ?? 0, names: new Set(before?.names) };
      notes = [];
      state = 'opening';
      await logger.open(info, (text) => run.note(text));
      state = 'open';
    },
    async onStep(event) {
      if (event.entry !== undefined) await tellNumbers(event.step, numbersOf(event, event.entry));
      else await tellNotes();
    },
    async onEpochEnd() {
      await tellNotes();
    },
    async onEvaluation({ step, metrics }) {
      await tellNumbers(
        step,
        Object.fromEntries(Object.entries(metrics).map(([name, value]) => [`eval/${name}`, value])),
      );
    },
    onNote({ step, text }) {
      // Told when the logger may be waited for.
      notes.push({ step, text });
    },
    async onCheckpoint() {
      await logger.flush?.();
    },
    async onEnd({ interrupted, stopReason }) {
      try {
        await tellNotes();
      } finally {
        await close(interrupted && stopReason === undefined ? 'interrupted' : 'finished');
      }
    },
    async onError(error, step) {
      try {
        if (state !== 'open') return;
        await tellNotes();
        await logger.text?.(step, 'error', error instanceof Error ? error.message : String(error));
      } finally {
        await close('failed');
      }
    },
    state: () => ({
      step: told.step,
      names: [...told.names],
      ...(logger.state === undefined ? {} : { logger: logger.state() }),
    }),
    restore(saved) {
      const { step, names, logger: own } = checkState(saved);
      before = { step, names: new Set(names) };
      told = before;
      if (own !== undefined) logger.restore?.(own);
    },
  };
}

/** All numbers of a logged step by the names that loggers get. */
function numbersOf(
  { epoch, samplesPerSecond, waitingShare, seconds }: StepEvent,
  { loss, learningRate, metrics }: NonNullable<StepEvent['entry']>,
): Record<string, number> {
  const values: Record<string, number> = { 'train/loss': loss, 'train/learningRate': learningRate };
  for (const [name, value] of Object.entries(metrics))
    values[`train/${name}` in values ? `train/metrics/${name}` : `train/${name}`] = value;
  return {
    ...values,
    'run/epoch': epoch,
    ...(samplesPerSecond === undefined ? {} : { 'run/samplesPerSecond': samplesPerSecond }),
    ...(waitingShare === undefined ? {} : { 'run/waitingShare': waitingShare }),
    'run/seconds': seconds,
  };
}

interface SavedState {
  readonly step: number;
  readonly names: readonly string[];
  readonly logger?: JsonValue;
}

function checkState(saved: JsonValue): SavedState {
  const { step, names } = (saved ?? {}) as Partial<SavedState>;
  const isNames = Array.isArray(names) && names.every((name) => typeof name === 'string');
  if (Number.isSafeInteger(step) && isNames) return saved as unknown as SavedState;
  throw new DataError('is no state of a logger');
}
