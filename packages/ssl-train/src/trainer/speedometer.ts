const forgetting = 0.95;

/** Recent speed: sums over steps in which older steps count less and less. */
export class Speedometer {
  #samples = 0;
  #steps = 0;
  #seconds = 0;

  add(samples: number, seconds: number): void {
    this.#samples = this.#samples * forgetting + samples;
    this.#steps = this.#steps * forgetting + 1;
    this.#seconds = this.#seconds * forgetting + seconds;
  }

  /** 0 before the first step. */
  get samplesPerSecond(): number {
    return this.#seconds > 0 ? this.#samples / this.#seconds : 0;
  }

  /** 0 before the first step. */
  get secondsPerStep(): number {
    return this.#steps > 0 ? this.#seconds / this.#steps : 0;
  }
}
