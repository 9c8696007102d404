/** The way on for a run that is not the checkpoint's: a new one from its weights. */
export function newRunAdvice(path: string): string {
  return `for a new run from its weights, add initFrom: ${JSON.stringify(path)} to the Trainer's options and give another checkpoint.dir (and logFile)`;
}
