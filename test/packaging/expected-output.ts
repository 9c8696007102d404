/** What a training run says on standard error while it goes on: wanted, and no sign of trouble. */
const progress = [
  /^.+: step \d+\/\d+, epoch \d+\/\d+, loss .+$/,
  /^.+: (?:waiting for the first batch|compiling the step|first step) \.\.\.$/,
  /^.+: takes about [^,]+ of memory \(.+\); .+ are free$/,
  /^.+: compiled the step in [\d.]+ (?:ms|s|min)$/,
  /^.+: about [\d.]+ (?:ms|s|min) per step, .+ (?:in all|steps that are left)$/,
  /^.+: epoch \d+: .+$/,
  /^settings: .+$/,
  /^pretrainText: \d+ texts of \d+ characters(?:; left out: .+)?$/,
  /^buildTokenStore: \d+ texts, \d+ tokens: .+$/,
  /^pretrainText: learning a vocabulary of \d+$/,
];

/** Standard error without progress lines; whatever is left is a defect. */
export function unexpectedErrorOutput(stderr: string): string {
  return stderr
    .split('\n')
    .filter((line) => line.trim() !== '' && !progress.some((pattern) => pattern.test(line)))
    .join('\n');
}
