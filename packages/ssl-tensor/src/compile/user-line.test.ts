import { expect, it } from 'vitest';
import { userLine } from './user-line.js';

it('is this line', () => {
  expect(userLine()).toMatch(/user-line\.test\.ts:5:10$/);
});

it('is found below many frames of the machinery', () => {
  const deep = Array.from(
    { length: 60 },
    (_, i) => `    at op${i} (/app/node_modules/@tensorflow/tfjs-core/dist/tf-core.node.js:${i}:1)`,
  );
  const stack = [
    'Error: trace',
    '    at record (/app/node_modules/@selfsup/ssl-tensor/dist/compile/trace.js:3:4)',
    ...deep,
    // As source maps name it.
    '    at Engine.runKernel (../tfjs-core/src/engine.ts:476:10)',
    '    at loss (file:///app/src/train.ts:12:7)',
    '    at main (/app/src/main.ts:1:1)',
  ].join('\n');
  expect(userLine(stack)).toBe('/app/src/train.ts:12:7');
});

it('is undefined where there is none', () => {
  expect(userLine('Error: trace\n    at node:internal/main:1:2\n    at Array.map (<anonymous>)')).toBeUndefined();
});
