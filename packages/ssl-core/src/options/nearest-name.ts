/** Longest name that is compared; a stranger's may be a whole file. */
const longest = 100;

/**
 * The candidate closest to `name` by edit distance, where one is close enough to be a slip of the hand; else the first
 * that it abbreviates, as `params` does `parameters`.
 */
export function nearestName(name: string, candidates: Iterable<string>): string | undefined {
  if (name.length > longest) return undefined;
  let best: string | undefined;
  let bestDistance = Math.max(2, Math.floor(name.length / 3)) + 1;
  for (const candidate of candidates) {
    // No distance is below the difference of the lengths.
    if (Math.abs(name.length - candidate.length) >= bestDistance) continue;
    const distance = editDistance(plain(name), plain(candidate));
    if (distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  if (best !== undefined || name.length < 3) return best;
  return [...candidates].find((candidate) => abbreviates(plain(name), plain(candidate)));
}

/** ` (did you mean 'x'?)`, or nothing where no candidate is close. */
export function suggestion(name: string, candidates: Iterable<string>): string {
  const nearest = nearestName(name, candidates);
  return nearest === undefined ? '' : ` (did you mean '${nearest}'?)`;
}

/** Whether a word has all letters of a shorter one in their order, from the first on. */
function abbreviates(short: string, word: string): boolean {
  if (short[0] !== word[0]) return false;
  let at = 0;
  for (const letter of word) if (letter === short[at]) at++;
  return at === short.length;
}

/** As `batch_size` and `batchSize` are one. */
const plain = (name: string): string => name.toLowerCase().replaceAll(/[_-]/g, '');

/** Levenshtein distance, one row of the table at a time. */
function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const substitution = previous[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      row.push(Math.min(previous[j]! + 1, row[j - 1]! + 1, substitution));
    }
    previous = row;
  }
  return previous[b.length]!;
}
