import { join } from 'node:path';
import type { JsonValue } from '@selfsup/ssl-train';
import type { PretrainSettings } from './choose-settings.js';
import { autoencoderOptions, type PretrainParts } from './pretrain-parts.js';

/** What the text needs beside the parts. */
export interface ByHand {
  readonly settings: PretrainSettings;
  readonly parts: PretrainParts;
  /** The folder of the pictures; a data set cannot be written. */
  readonly data: string | undefined;
  readonly out: string;
  readonly threads: number;
}

/** A value as one writes it in TypeScript. */
function written(value: JsonValue): string {
  if (Array.isArray(value)) return `[${value.map(written).join(', ')}]`;
  if (typeof value !== 'object' || value === null)
    return typeof value === 'string'
      ? `'${JSON.stringify(value).slice(1, -1).replaceAll('\\"', '"').replaceAll("'", "\\'")}'`
      : JSON.stringify(value);
  const entries = Object.entries(value).map(([name, item]) => `${name}: ${written(item as JsonValue)}`);
  return entries.length === 0 ? '{}' : `{ ${entries.join(', ')} }`;
}

/** Entries of a record, for within another one. */
const entriesOf = (value: JsonValue): string => written(value).replace(/^\{ ?/, '').replace(/ ?\}$/, '');
const joined = (...parts: readonly string[]): string => parts.filter((part) => part !== '').join(', ');
const imported = (names: readonly string[], from: string): string =>
  `import { ${names.toSorted((a, b) => a.localeCompare(b)).join(', ')} } from '@selfsup/${from}';`;

/**
 * A run of `pretrain` written out by hand: a program of public parts and the numbers that were chosen, which ends in the
 * same encoder.
 */
export function byHand({ settings, parts, data, out, threads }: ByHand): string {
  const { method, methodOptions, batchSize, seed, normalize, learningRate, warmupSteps, weightDecay } = settings;
  const { call, architecture, steps } = parts;
  const isMae = method === 'mae';
  const { decoder, ...own } = methodOptions as { readonly decoder?: JsonValue; readonly [name: string]: JsonValue };
  const folder = join(out, 'by-hand');
  const model = isMae
    ? `const model = new MaskedAutoencoder({ ${joined(
        entriesOf(autoencoderOptions(architecture)),
        decoder === undefined ? '' : `decoder: ${written(decoder)}`,
        "key: foldIn(key, 'model')",
      )} });
const backbone = model.backbone;
const method = new Mae({ ${joined(entriesOf(own as JsonValue), `model, normalize: ${written(normalize as never)}`)} });`
    : `const backbone = ${isClass(architecture.builder) ? 'new ' : ''}${architecture.builder}({ ${joined(
        entriesOf(architecture.options),
        "key: foldIn(key, 'backbone')",
      )} });
const method = new SimClr({ ${joined(
        `backbone, ${joined(entriesOf(own as JsonValue), "key: foldIn(key, 'head')")}`,
        `normalize: ${written(normalize as never)}`,
      )} });`;
  const lines = [
    '// A run of pretrain, by hand: the same encoder, to the byte, on a machine of the same kind.',
    imported(
      ['DataLoader', ...(data === undefined ? [] : ['ImageFolderDataset']), ...(call === undefined ? [] : [call.name])],
      'ssl-data',
    ),
    imported(['saveSafetensors'], 'ssl-nn'),
    imported(['foldIn', 'randomKey'], 'ssl-tensor'),
    imported(['AdamW', 'Trainer', 'warmupCosine'], 'ssl-train'),
    imported(isMae ? ['Mae', 'MaskedAutoencoder'] : [architecture.builder, 'SimClr'], 'ssl-vision'),
    '',
    ...(data === undefined
      ? ['// The data set that pretrain was given: put it here.', 'const dataset = undefined!;']
      : [`const dataset = await ImageFolderDataset.open(${written(data)}, { labels: 'none' });`]),
    ...(call === undefined
      ? ['// The views that pretrain was given: put them here.', 'const views = undefined!;']
      : [`const views = ${call.name}(${written(call.options)});`]),
    `const loader = new DataLoader({ dataset, views, batchSize: ${batchSize}, seed: ${seed} });`,
    `const key = randomKey(${seed});`,
    model,
    'const trainer = new Trainer({',
    '  method,',
    '  loader,',
    `  optimizer: new AdamW([{ parameters: method.trainable() }], { weightDecay: ${weightDecay} }),`,
    `  schedule: warmupCosine({ base: ${learningRate}, warmupSteps: ${warmupSteps}, totalSteps: ${steps} }),`,
    `  steps: ${steps},`,
    `  seed: ${seed},`,
    `  threads: ${threads},`,
    `  checkpoint: { dir: ${written(join(folder, 'checkpoints'))} },`,
    '});',
    'const { interrupted } = await trainer.fit();',
    'await loader.close();',
    `if (!interrupted) await saveSafetensors(${written(join(folder, 'encoder.safetensors'))}, backbone.stateDict());`,
  ];
  return `${lines.join('\n')}\n`;
}

const isClass = (name: string): boolean => /^[A-Z]/.test(name);
