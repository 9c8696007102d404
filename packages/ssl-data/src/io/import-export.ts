import { isAbsolute } from 'node:path';
import { pathToFileURL } from 'node:url';
import { DataError, InvalidOptionError } from '@selfsup/ssl-core';

/** A named export of a module, called with plain options. */
export interface ModuleExport {
  /** URL, absolute path or package name. */
  readonly module: string;
  readonly exportName: string;
  readonly options?: unknown;
}

/** `module` as a string that means the same in every thread; throws {@link InvalidOptionError} for a relative path. */
export function moduleSpecifier(module: string | URL): string {
  if (module instanceof URL) return module.href;
  if (isAbsolute(module)) return pathToFileURL(module).href;
  if (module.startsWith('.'))
    throw new InvalidOptionError(
      'module',
      'module',
      "a URL, an absolute path or a package name; write new URL('./file.js', import.meta.url)",
      module,
    );
  return module;
}

/** Imports the module and calls the export with its options; throws {@link DataError} where that fails. */
export async function callExport(described: ModuleExport): Promise<unknown> {
  const { module, exportName, options } = described;
  let exports: Record<string, unknown>;
  try {
    exports = (await import(module)) as Record<string, unknown>;
  } catch (cause) {
    throw new DataError(`cannot be imported: ${cause instanceof Error ? cause.message : String(cause)}`, {
      path: module,
      cause,
    });
  }
  const factory = exports[exportName];
  if (typeof factory !== 'function') {
    const exported = Object.keys(exports).sort();
    throw new DataError(
      `has no function '${exportName}'; ${exported.length === 0 ? 'export it: the module exports nothing' : `it exports ${exported.join(', ')}`}`,
      { path: module },
    );
  }
  return (factory as (options: unknown) => unknown)(options);
}
