import path from 'node:path';
import { defineCommand } from 'citty';
import { loadRecipe } from '../recipes/load-recipe.js';
import { runOptions, runSettings } from './run-options.js';
import { shellWord } from './shell-word.js';

/** `ssl-benchmark demo`: both demo recipes, one report. */
export const demo = defineCommand({
  meta: { name: 'demo', description: 'Run the vision and the text demo and write one report (about ten minutes)' },
  args: { ...runOptions, out: { ...runOptions.out, default: 'runs/demo' } },
  async run({ args }) {
    const settings = runSettings('ssl-benchmark demo', args);
    const root = path.resolve(args.out);
    const [vision, text] = await Promise.all([loadRecipe('demo-vision'), loadRecipe('demo-text')]);
    const { execute } = await import('../runs/execute.js');
    const program = process.env['npm_lifecycle_event'] === 'demo' ? 'npm run demo --' : 'ssl-benchmark demo';
    const options = `${args.out === 'runs/demo' ? '' : ` --out ${shellWord(args.out)}`}${settings.seed === undefined ? '' : ` --seed ${settings.seed}`}`;
    await execute({
      runs: [
        { loaded: vision, directory: path.join(root, 'vision') },
        { loaded: text, directory: path.join(root, 'text') },
      ],
      root,
      settings,
      existing: settings.resume ? 'resume' : 'replace',
      resumeCommand: `${program}${options} --resume`,
    });
  },
});
