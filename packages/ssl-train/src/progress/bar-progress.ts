import { Presets, SingleBar } from 'cli-progress';
import { checkOptions, type OptionNames } from '@selfsup/ssl-tensor/host';
import type { ProgressReporter, ProgressStart, ProgressStatus } from './progress-reporter.js';
import { durationText, lossText, speedText } from './status-text.js';

const clearLine = '\r\u001B[K';

/** Options of {@link BarProgress}. */
export interface BarProgressOptions {
  /** A terminal. Default: standard error. */
  readonly stream?: NodeJS.WriteStream;
}

const barProgressOptionNames: OptionNames<BarProgressOptions> = {
  stream: 'optional',
};

/** A bar on a terminal. */
export class BarProgress implements ProgressReporter {
  readonly #stream: NodeJS.WriteStream;
  #bar: SingleBar | undefined;
  #totalEpochs = 0;

  constructor(options: BarProgressOptions = {}) {
    const { stream = process.stderr } = checkOptions('BarProgress', options, barProgressOptionNames);
    this.#stream = stream;
  }

  start({ name, totalSteps, startStep, totalEpochs }: ProgressStart): void {
    this.stop();
    this.#totalEpochs = totalEpochs;
    this.#bar = new SingleBar(
      {
        stream: this.#stream,
        format: `${name} {bar} {value}/{total} | epoch {epoch} | loss {loss} | {speed} | {left} left`,
        barsize: 24,
        hideCursor: true,
        // The Trainer decides what a signal does.
        gracefulExit: false,
      },
      Presets.shades_classic,
    );
    this.#bar.start(totalSteps, startStep, { epoch: `-/${totalEpochs}`, loss: '-', speed: speedText(0), left: '-' });
  }

  update({ step, epoch, loss, samplesPerSecond, secondsLeft }: ProgressStatus): void {
    this.#bar?.update(step, {
      epoch: `${epoch}/${this.#totalEpochs}`,
      loss: lossText(loss),
      speed: speedText(samplesPerSecond),
      left: durationText(secondsLeft),
    });
  }

  note(line: string): void {
    this.#stream.write(`${this.#bar === undefined ? '' : clearLine}${line}\n`);
  }

  stop(): void {
    this.#bar?.stop();
    this.#bar = undefined;
  }
}
