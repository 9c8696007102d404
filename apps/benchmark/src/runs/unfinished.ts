import { existsSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import type { LoadedRecipe } from '../recipes/load-recipe.js';
import { RunDirectory } from './run-directory.js';

/**
 * Whether folders hold runs of just these recipes that were stopped before their end, so that the same command goes on
 * with them. What cannot be read is left to whoever opens the run.
 */
export async function isUnfinished(
  runs: readonly { readonly loaded: LoadedRecipe; readonly directory: string }[],
): Promise<boolean> {
  let isBegun = false;
  let isDone = true;
  for (const { loaded, directory } of runs) {
    const run = await RunDirectory.open(directory).catch(() => undefined);
    if (run !== undefined && !isDeepStrictEqual(run.config.recipe, JSON.parse(JSON.stringify(loaded.recipe))))
      return false;
    isBegun ||= run?.hasResults() === true;
    isDone &&= run !== undefined && existsSync(run.file('summary.json'));
  }
  return isBegun && !isDone;
}
