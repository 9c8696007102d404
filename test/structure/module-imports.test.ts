import { expect, test } from 'vitest';

import { moduleImports, packageOf } from './module-imports.js';

test('finds every form of import and none in comments or strings', () => {
  const source = `
    import { a } from 'static-import';
    import type { B } from '@scope/type-only/deep';
    import 'side-effect';
    export { c } from './re-export.js';
    export * from './star.js';
    // import { d } from 'comment';
    /** import { e } from 'doc-comment' */
    export const text = "import { f } from 'string'";
    export const load = async () => import('dynamic');
    export const use = (): B => a;
  `;
  const { specifiers, code } = moduleImports('example.ts', source);
  expect(specifiers.toSorted()).toEqual(
    ['./re-export.js', './star.js', '@scope/type-only/deep', 'dynamic', 'side-effect', 'static-import'].toSorted(),
  );
  expect(code).not.toContain('doc-comment');
  expect(code).toHaveLength(source.length);
});

test('a file that does not parse is an error', () => {
  expect(() => moduleImports('broken.ts', 'import {')).toThrow(/broken\.ts/);
});

test.each([
  ['./local.js', undefined],
  ['node:fs', undefined],
  ['sharp', 'sharp'],
  ['@selfsup/ssl-tensor/host', '@selfsup/ssl-tensor'],
  ['@tensorflow/tfjs-core/dist/x', '@tensorflow/tfjs-core'],
])('the package of %s is %s', (specifier, name) => {
  expect(packageOf(specifier)).toBe(name);
});
