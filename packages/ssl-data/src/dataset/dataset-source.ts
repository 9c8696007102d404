import { InvalidOptionError } from '@selfsup/ssl-core';
import { type ModuleExport, moduleSpecifier } from '../io/import-export.js';

/**
 * How a worker thread opens a data set again: it imports `module` and calls its export `exportName` with `options`, which
 * gives the data set or a promise of it. A data set of any class has one; those of this package name `@selfsup/ssl-data/sources`.
 */
export interface DatasetSource {
  /** URL (`new URL('./my-dataset.js', import.meta.url)` or `import.meta.url`), absolute path or package name. */
  readonly module: string | URL;
  readonly exportName: string;
  /** Plain data, copied into the thread by structured cloning; what lies in shared memory is not copied. */
  readonly options?: unknown;
}

/** The source of a data set of this package: `exportName` is a function of `sources.ts`. */
export const ownSource = (exportName: string, options: unknown): DatasetSource => ({
  module: '@selfsup/ssl-data/sources',
  exportName,
  options,
});

/**
 * A source as plain data that means the same in every thread.
 *
 * @throws InvalidOptionError for what is no source, or names its module by a relative path
 */
export function plainSource(where: string, option: string, source: unknown): ModuleExport {
  const { module, exportName, options } = (source ?? {}) as Partial<DatasetSource>;
  if ((typeof module !== 'string' && !(module instanceof URL)) || typeof exportName !== 'string')
    throw new InvalidOptionError(
      where,
      option,
      '{ module, exportName, options }: a module and its function that opens the data set',
      source,
      "Such as { module: import.meta.url, exportName: 'openMine', options: { path } }",
    );
  return { module: moduleSpecifier(module), exportName, options };
}
