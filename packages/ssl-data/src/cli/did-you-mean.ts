import { nearestName } from '@selfsup/ssl-core';

/** A question that names the candidate next to what was typed; a letter or two are like everything. */
export function didYouMean(typed: string, candidates: readonly string[]): string | undefined {
  const nearest = typed.replaceAll('-', '').length > 2 ? nearestName(typed, candidates) : undefined;
  return nearest === undefined ? undefined : `Did you mean '${nearest}'?`;
}
