const forgetting = 0.95;

/** Recent speed: sums over steps in which older steps count less and less. */
export class Speedometer {
  #samples = 0;
  #steps = 0;
  #seconds = 0;
  #compiling = { samples: 0, seconds: 0 };
  #measured = { steps: 0, seconds: 0 };

  /** @param compiled whether something was compiled in the time: it then says little of the steps to come */
  add(samples: number, seconds: number, compiled = false): void {
    if (compiled) {
      this.#compiling = { samples, seconds };
      return;
    }
    this.#samples = this.#samples * forgetting + samples;
    this.#steps = this.#steps * forgetting + 1;
    this.#seconds = this.#seconds * forgetting + seconds;
    this.#measured = { steps: this.#measured.steps + 1, seconds: this.#measured.seconds + seconds };
  }

  /** 0 before the first step; of a step that was compiled where there is no other. */
  get samplesPerSecond(): number {
    const { samples, seconds } =
      this.#seconds > 0 ? { samples: this.#samples, seconds: this.#seconds } : this.#compiling;
    return seconds > 0 ? samples / seconds : 0;
  }

  /** Undefined before the first step that was not compiled. */
  get secondsPerStep(): number | undefined {
    return this.#steps > 0 ? this.#seconds / this.#steps : undefined;
  }

  /** Steps that were measured, and their time. */
  get measured(): { readonly steps: number; readonly seconds: number } {
    return this.#measured;
  }
}
