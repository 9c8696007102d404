import path from 'node:path';
import { defineCommand } from 'citty';
import { loadRecipe } from '../recipes/load-recipe.js';
import { resumeCommand } from './resume-command.js';
import { runOptions, runSettings } from './run-options.js';

/** `ssl-benchmark demo`: both demo recipes, one report. */
export const demo = defineCommand({
  meta: { name: 'demo', description: 'Run the vision and the text demo and write one report (about ten minutes)' },
  args: { ...runOptions, out: { ...runOptions.out, default: 'runs/demo' } },
  async run({ args }) {
    const settings = runSettings('ssl-benchmark demo', args);
    const root = path.resolve(args.out);
    const [vision, text] = await Promise.all([loadRecipe('demo-vision'), loadRecipe('demo-text')]);
    const { execute } = await import('../runs/execute.js');
    await execute({
      runs: [
        { loaded: vision, directory: path.join(root, 'vision') },
        { loaded: text, directory: path.join(root, 'text') },
      ],
      root,
      settings,
      existing: settings.resume ? 'resume' : 'replace',
      resumeCommand: resumeCommand('demo', args.out === 'runs/demo' ? undefined : args.out, settings),
    });
  },
});
