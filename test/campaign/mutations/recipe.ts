import { readdirSync, readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { loadRecipe } from '../../../apps/benchmark/src/recipes/load-recipe.js';
import { repositoryRoot } from '../../../tools/workspaces.js';
import { mutateBytes } from '../../fuzz/mutate-bytes.js';
import type { PlayCase } from '../kind.js';
import { digestOf, outcomeOf } from '../settled.js';

/** Reads mutated recipes. */
export async function readRecipes(folder: string): Promise<PlayCase> {
  const recipes = join(repositoryRoot, 'apps/benchmark/recipes');
  const seeds = await Promise.all(
    readdirSync(recipes).map(async (name) => ({
      bytes: readFileSync(join(recipes, name)),
      digest: digestOf((await loadRecipe(join(recipes, name))).recipe),
    })),
  );
  const path = join(folder, 'mutant.yaml');
  return async (random, _, describe) => {
    const [seed, donor] = [seeds[random.integer(seeds.length)]!, seeds[random.integer(seeds.length)]!];
    const { bytes, steps } = mutateBytes(seed.bytes, donor.bytes, random, seed.bytes.length);
    describe(steps.join('; '));
    await writeFile(path, bytes);
    return outcomeOf(async () => (await loadRecipe(path)).recipe, seed.digest, false);
  };
}
