/** What a training run says on standard error while it goes on: wanted, and no sign of trouble. */
const progress = /^.+: step \d+\/\d+, epoch \d+\/\d+, loss .+$/;

/** Standard error without progress lines; whatever is left is a defect. */
export function unexpectedErrorOutput(stderr: string): string {
  return stderr
    .split('\n')
    .filter((line) => line.trim() !== '' && !progress.test(line))
    .join('\n');
}
