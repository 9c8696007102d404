import { join } from 'node:path';
import type { PretrainSettings } from './choose-settings.js';
import type { OpenedTeacher } from './opened-teacher.js';
import type { PretrainParts } from './pretrain-parts.js';
import type { ViewsCall } from './recipes/recipe.js';
import { recipeOf } from './recipes/recipes.js';
import { written } from './written.js';

/** What the text needs beside the parts. */
export interface ByHand {
  readonly settings: PretrainSettings;
  readonly parts: PretrainParts;
  /** The folder of the pictures; a data set cannot be written. */
  readonly data: string | undefined;
  readonly out: string;
  readonly threads: number;
  readonly teacher?: OpenedTeacher | undefined;
}

const imported = (names: readonly string[], from: string): string =>
  `import { ${names.toSorted((a, b) => a.localeCompare(b)).join(', ')} } from '@selfsup/${from}';`;

/** Calls that make the views. */
function viewsText({ name, options, times = 1, around }: ViewsCall): string {
  const one = `${name}(${written(options)})`;
  const all = times === 1 ? one : `[${Array<string>(times).fill(`...${one}`).join(', ')}]`;
  return around === undefined ? all : `${all}.map((view) => ${around}(view))`;
}

/**
 * A run of `pretrain` written out by hand: a program of public parts and the numbers that were chosen, which ends in the
 * same encoder.
 */
export function byHand({ settings, parts, data, out, threads, teacher }: ByHand): string {
  const {
    imageSize,
    channels,
    methodOptions: options,
    batchSize,
    seed,
    normalize,
    learningRate,
    warmupSteps,
    weightDecay,
    clipNorm,
  } = settings;
  const { call, architecture, steps } = parts;
  const recipe = recipeOf(settings.method);
  const numbers = { architecture, options, normalize, learningRate, imageSize, channels };
  const method = recipe.write({ ...numbers, ...(teacher === undefined ? {} : { teacher }) });
  const classes = recipe.classes === true ? '' : ", { labels: 'none' }";
  const folder = join(out, 'by-hand');
  const clip = clipNorm === undefined ? [] : ['clipByGlobalNorm'];
  const lines = [
    '// A run of pretrain, by hand: the same encoder, to the byte, on a machine of the same kind.',
    imported(
      [
        'DataLoader',
        ...(data === undefined ? [] : ['ImageFolderDataset']),
        ...(call === undefined ? [] : [call.name]),
        ...(call?.around === undefined ? [] : [call.around]),
      ],
      'ssl-data',
    ),
    imported(['saveSafetensors'], 'ssl-nn'),
    imported(['foldIn', 'randomKey'], 'ssl-tensor'),
    imported(['AdamW', 'Trainer', 'warmupCosine', ...clip], 'ssl-train'),
    imported(method.imports, 'ssl-vision'),
    '',
    ...(data === undefined
      ? ['// The data set that pretrain was given: put it here.', 'const dataset = undefined!;']
      : [`const dataset = await ImageFolderDataset.open(${written(data)}${classes});`]),
    ...(call === undefined
      ? ['// The views that pretrain was given: put them here.', 'const views = undefined!;']
      : [`const views = ${viewsText(call)};`]),
    `const loader = new DataLoader({ dataset, views, batchSize: ${batchSize}, seed: ${seed} });`,
    `const key = randomKey(${seed});`,
    ...method.lines,
    'const trainer = new Trainer({',
    '  method,',
    '  loader,',
    `  optimizer: new AdamW(${method.groups}, { weightDecay: ${weightDecay} }),`,
    `  schedule: warmupCosine({ base: ${learningRate}, warmupSteps: ${warmupSteps}, totalSteps: ${steps} }),`,
    ...clip.map((name) => `  gradientStages: [${name}(${clipNorm})],`),
    `  steps: ${steps},`,
    `  seed: ${seed},`,
    `  threads: ${threads},`,
    `  checkpoint: { dir: ${written(join(folder, 'checkpoints'))} },`,
    '});',
    'const { interrupted } = await trainer.fit();',
    'await loader.close();',
    `if (!interrupted) await saveSafetensors(${written(join(folder, 'encoder.safetensors'))}, ${method.encoder}.stateDict());`,
  ];
  return `${lines.join('\n')}\n`;
}
