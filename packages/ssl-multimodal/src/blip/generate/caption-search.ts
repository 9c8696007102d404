/** A text that is being written. */
export interface Draft {
  /** Which picture it is of. */
  readonly picture: number;
  /** From the start token on. */
  readonly ids: readonly number[];
}

/** Log probabilities of the token after each draft, `[vocabulary]` each. */
export type NextTokens = (drafts: readonly Draft[]) => Promise<readonly Float32Array[]>;

/** What every search goes by; lengths count the start token and the prompt, as transformers'. */
export interface SearchLimits {
  /** What all texts begin with: the start token and the prompt. */
  readonly begin: readonly number[];
  /** Token that ends a text. */
  readonly end: number;
  /** No text ends before it has so many tokens. */
  readonly minLength: number;
  readonly maxLength: number;
}

/** Log probabilities with which the text may not end yet. */
export function withoutEarlyEnd(scores: Float32Array, length: number, { end, minLength }: SearchLimits): Float32Array {
  if (length >= minLength) return scores;
  const open = scores.slice();
  open[end] = -Infinity;
  return open;
}

/** Places of the `k` largest, largest first; of equal ones the lower place. */
export function largest(values: Float32Array, k: number): number[] {
  const best: number[] = [];
  for (let at = 0; at < values.length; at++) {
    if (best.length === k && values[at]! <= values[best[k - 1]!]!) continue;
    let place = best.length;
    while (place > 0 && values[best[place - 1]!]! < values[at]!) place--;
    best.splice(place, 0, at);
    if (best.length > k) best.pop();
  }
  return best;
}
