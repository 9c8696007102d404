import { defineCommand } from 'citty';
import { loadRecipe, recipeNames } from '../recipes/load-recipe.js';

/** `ssl-benchmark list`: names and titles of the recipes, on standard output. */
export const list = defineCommand({
  meta: { name: 'list', description: 'List the recipes that come with the app' },
  args: {
    json: { type: 'boolean', description: 'Print them as JSON' },
    help: { type: 'boolean', alias: 'h', description: 'Show this help' },
  },
  async run({ args }) {
    const recipes = await Promise.all((await recipeNames()).map(loadRecipe));
    const rows = recipes.map(({ name, recipe: { kind, title } }) => ({ name, kind, title }));
    if (args.json === true) {
      process.stdout.write(`${JSON.stringify(rows, null, 2)}\n`);
      return;
    }
    const width = Math.max(...rows.map(({ name }) => name.length));
    for (const { name, kind, title } of rows)
      process.stdout.write(`${name.padEnd(width)}  ${kind.padEnd(13)}  ${title}\n`);
  },
});
