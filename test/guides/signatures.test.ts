import { execFile } from 'node:child_process';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';

import { repositoryRoot } from '../../tools/workspaces.js';
import { readRepositoryFile } from '../structure/repository-files.js';
import { markdownBlocks } from './markdown-blocks.js';
import { emptyProject } from './run-source.js';

vi.setConfig({ testTimeout: 120_000 });

const run = promisify(execFile);

let folder: string;
beforeAll(async () => {
  folder = await emptyProject();
});
afterAll(() => rm(folder, { recursive: true }));

const blocksOf = (document: string): readonly string[] =>
  markdownBlocks(readRepositoryFile(document)).flatMap(({ language, code }) => (language === 'ts' ? [code] : []));

/** What the compiler says of a file of ours, against the packages' sources. */
async function complaints(code: string): Promise<string> {
  await writeFile(join(folder, 'signatures.ts'), code);
  const compilerOptions = { noEmit: true, noUnusedLocals: false, noUnusedParameters: false };
  const tsconfig = { extends: join(repositoryRoot, 'tsconfig.base.json'), compilerOptions, files: ['signatures.ts'] };
  await writeFile(join(folder, 'tsconfig.json'), JSON.stringify(tsconfig));
  const tsc = join(repositoryRoot, 'node_modules/typescript/bin/tsc');
  return run(process.execPath, [tsc, '-p', '.', '--pretty', 'false'], { cwd: folder }).then(
    ({ stdout }) => stdout,
    ({ stdout }: { stdout: string }) => stdout,
  );
}

const imports = `
import type * as tf from '@tensorflow/tfjs-core';
import type * as data from '@selfsup/ssl-data';
import type * as nn from '@selfsup/ssl-nn';
import type * as tensor from '@selfsup/ssl-tensor';
import { profile, type NdArray } from '@selfsup/ssl-tensor';
import * as train from '@selfsup/ssl-train';
type Images = { x: NdArray<Float32Array> };
/** Members of the documented class that the real one lacks or has otherwise. */
type Wrong<Real, Documented> = { [K in keyof Documented]: K extends keyof Real ? (Real[K] extends Documented[K] ? never : K) : K }[keyof Documented];
/** Compiles where there is none. */
const none = <_T extends never>(): void => {};
`;

/** What is protected shows in a subclass only. */
const subclass = (name: string, base: string): string => `
class ${name} extends ${base} {
  readonly settings = {};
  constructor(groups: readonly train.ParameterGroup[], filter: train.DecayFilter) { super(groups, { weightDecay: 0, filter }, ['momentum']); }
  protected override update(vectors: train.VectorUpdate): train.UpdatedVectors {
    return { parameters: vectors.parameters, slots: vectors.slots };
  }
}`;

/** How each block of docs/architecture.md is held against the types, in the document's order. */
const checks: readonly ((block: string) => string)[] = [
  (block) => `
declare namespace module_ { type StateDict = nn.StateDict; ${block.replace('abstract class', 'export abstract class').replaceAll(/^class/gm, 'export class')} }
none<Wrong<nn.Module, module_.Module>>();
none<Wrong<nn.Parameter, module_.Parameter> | Wrong<nn.Buffer, module_.Buffer>>();
none<Exclude<keyof nn.Module, keyof module_.Module>>();`,
  (block) => `
declare namespace loader { type PixelMemory = data.PixelMemory; type DatasetSource = data.DatasetSource; ${block.replaceAll(/^interface/gm, 'export interface')} }
{ const to: data.Dataset<string> = null! as loader.Dataset<string>; const from: loader.Dataset<string> = to; }
{ const to: data.BatchLoader<string> = null! as loader.BatchLoader<string>; const from: loader.BatchLoader<string> = to; }
none<Exclude<keyof data.Dataset<string>, keyof loader.Dataset<string>>>();`,
  (block) => `
declare namespace optimizer {
  type ParameterGroup = train.ParameterGroup; type DecayFilter = train.DecayFilter; type StateDict = nn.StateDict;
  type SlotKind = train.SlotKind; type VectorUpdate = train.VectorUpdate; type UpdatedVectors = train.UpdatedVectors;
  ${block.replaceAll(/^(?<kind>abstract class|interface)/gm, 'export $<kind>')}
}
none<Wrong<train.Optimizer, optimizer.Optimizer>>();
${subclass('OfDocument', 'optimizer.Optimizer')}
${subclass('OfPackage', 'train.Optimizer')}
{ const to: train.Schedule = null! as optimizer.Schedule; const from: optimizer.Schedule = to; }`,
  (block) => `
declare namespace method {
  type Module = nn.Module; type Parameter = nn.Parameter; type Tensors<B> = train.Tensors<B>; type RunConfig = train.RunConfig;
  type Stateful = tensor.Stateful; type RunShape = train.RunShape; type Schedule = train.Schedule; type EmaBuffers = train.EmaBuffers;
  type StepContext<V extends string, P extends string> = train.StepContext<V, P>;
  ${block.replace('interface', 'export interface')}
}
{ const to: train.Method<Images> = null! as method.Method<Images>; const from: method.Method<Images> = to; }
none<Exclude<keyof train.Method<Images>, keyof method.Method<Images>> | Exclude<keyof train.MethodLoss, keyof ReturnType<method.Method<Images>['loss']>>>();`,
  (block) => `
async function training(
  method: train.Method<Images>, loader: train.BatchLoader<Images>, optimizer: train.Optimizer, schedule: train.Schedule, steps: number,
  seed: number, observers: train.TrainerObserver, dir: string, everySteps: number, logFile: string, progress: train.ProgressOption,
) {
  const { Trainer } = train;
  ${block}
  type Told = ${/result = .*\/\/ \{ (?<names>.*) \}/
    .exec(block)!
    .groups!['names']!.split(', ')
    .map((name) => `'${name}'`)
    .join(' | ')};
  none<Exclude<keyof typeof result, Told> | Exclude<Told, keyof typeof result>>();
}`,
  (block) => `
declare namespace encoders {
  type Module = nn.Module; type ForwardContext = nn.ForwardContext; type MapStage<S = number> = nn.MapStage<S>; type MapOptions = nn.MapOptions;
  type TokenOptions = nn.TokenOptions; type Tokens = nn.Tokens;
  ${block.replaceAll(/^interface/gm, 'export interface')}
}
${['Encoder', 'MapEncoder', 'TokenEncoder', 'Layered']
  .map(
    (name) =>
      `{ const to: nn.${name} = null! as encoders.${name}; const from: encoders.${name} = to; none<Exclude<keyof nn.${name}, keyof encoders.${name}>>(); }`,
  )
  .join('\n')}`,
];

test('the signatures of docs/architecture.md are those of the packages', async () => {
  const blocks = blocksOf('docs/architecture.md');
  expect(blocks).toHaveLength(checks.length);
  const code = imports + blocks.map((block, index) => checks[index]!(block)).join('\n');
  expect(await complaints(code)).toBe('');
  // A signature that is not the package's is found.
  const wrong = code.replace('parameterCount(): number', 'parameterCount(): string').replace('S | Promise<S>', 'S[]');
  const found = await complaints(wrong);
  expect(found).toContain("Type 'Wrong<Module, module_.Module>' does not satisfy the constraint 'never'");
  expect(found).toMatch(/type '(?:\w+\.)?Dataset<string>' is not assignable to type/i);
});

test('the block of docs/performance.md is a call of profile', async () => {
  const [block, ...others] = blocksOf('docs/performance.md');
  expect(others).toEqual([]);
  const code = `${imports}
async function measure(trainingStep: (images: tf.Tensor4D, labels: tf.Tensor1D, rate: tf.Scalar) => tf.Scalar, images: NdArray, labels: NdArray, learningRate: NdArray) {
  ${block}
}`;
  expect(await complaints(code)).toBe('');
});
