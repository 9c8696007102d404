import { expect, test } from 'vitest';

import { moduleImports } from './module-imports.js';
import { readRepositoryFile, repositoryFiles } from './repository-files.js';

const sources = repositoryFiles()
  .filter((path) => /^(?:packages|apps)\/[^/]+\/src\/.*\.ts$/.test(path) && !path.endsWith('.test.ts'))
  .map((path) => ({ path, ...moduleImports(path, readRepositoryFile(path)) }));
const filesWith = (pattern: RegExp): readonly string[] =>
  sources.filter(({ code }) => pattern.test(code)).map(({ path }) => path);

test('what an engine’s tensor holds is read in the engine’s own file only', () => {
  // The type has no member that could be read; only a cast gets around it.
  const { code } = sources.find(({ path }) => path === 'packages/ssl-tensor/src/engine/engine.ts')!;
  expect(/interface EngineTensor \{\s*(?<members>[^}]*)\}/.exec(code)?.groups?.['members']?.trim()).toBe(
    'readonly [engineMemory]: never;',
  );
  const own = ['packages/ssl-tensor/src/engine/onnx-engine.ts'];
  expect(filesWith(/\bas (?:unknown as )?(?:Engine)?Tensor\b(?! *\|)/)).toEqual(own);
  expect(
    sources
      .filter(
        ({ path, specifiers }) => specifiers.includes('@selfsup/ssl-runtime') && /ssl-tensor\/src\/engine/.test(path),
      )
      .map(({ path }) => path),
  ).toEqual(own);
});

test('nothing above ssl-tensor reads a result of a compiled function at once', () => {
  // Of variables: what `fetched()` is awaited for.
  expect(filesWith(/\.(?:dataSync|arraySync)\(/).filter((path) => !path.startsWith('packages/ssl-tensor/'))).toEqual([
    'packages/ssl-nn/src/module/parameter.ts',
    'packages/ssl-nn/src/module/twin-of.ts',
    'packages/ssl-train/src/checkpoint/stateful-tensors.ts',
    'packages/ssl-train/src/observers/nan-watch/model-tensors.ts',
    'packages/ssl-train/src/optimizers/optimizer-state.ts',
    'packages/ssl-train/src/step/read-outputs.ts',
  ]);
});

test('TF.js is used beyond its types in one file', () => {
  const internals = ['packages/ssl-tensor/src/backend/tfjs-internals.ts'];
  expect(filesWith(/\btf\.(?:engine\(\)|findBackend\([^)]*\)|\w+\.prototype)\)? as\b/)).toEqual(internals);
  for (const member of [/\bfirstUse\b/, /\bgetNoiseShape\(input/, /isDisposedInternal:? (?:boolean|: boolean)/])
    expect(filesWith(member)).toEqual(internals);
  // A member's type is declared there, whoever uses it.
  expect(
    filesWith(/^ *(?:readonly )?(?:runKernelFunc|addTapeNode|nextTensorId|activeTape|tensorInfo)\b[(:?]/m),
  ).toEqual(internals);
});
