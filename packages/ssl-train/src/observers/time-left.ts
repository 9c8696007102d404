/** What a run is made of. */
interface RunLength {
  readonly totalSteps: number;
  readonly stepsPerEpoch: number;
}

/** Time of a run that is still to come: that of the steps, and of what comes with steps and epochs. */
export class TimeLeft {
  readonly #length: RunLength;
  #besideSteps = { seconds: 0, count: 0 };
  #besideEpochs = { seconds: 0, count: 0 };

  constructor(length: RunLength) {
    this.#length = length;
  }

  /** Observers and checkpoint of one step. */
  addBesideStep(seconds: number): void {
    this.#besideSteps = { seconds: this.#besideSteps.seconds + seconds, count: this.#besideSteps.count + 1 };
  }

  /** Observers and checkpoint of the end of an epoch. */
  addBesideEpoch(seconds: number): void {
    this.#besideEpochs = { seconds: this.#besideEpochs.seconds + seconds, count: this.#besideEpochs.count + 1 };
  }

  /**
   * Seconds from a finished step, and what came with it, to the end; undefined while the time of a step is not known.
   *
   * @param step counted from 1
   */
  after(step: number, secondsPerStep: number | undefined): number | undefined {
    const { totalSteps, stepsPerEpoch } = this.#length;
    const steps = totalSteps - step;
    if (steps === 0) return 0;
    if (secondsPerStep === undefined) return undefined;
    const epochs = Math.floor(totalSteps / stepsPerEpoch) - Math.floor(step / stepsPerEpoch);
    return steps * (secondsPerStep + mean(this.#besideSteps)) + epochs * mean(this.#besideEpochs);
  }
}

const mean = ({ seconds, count }: { readonly seconds: number; readonly count: number }): number =>
  count === 0 ? 0 : seconds / count;
