import { join } from 'node:path';

/**
 * Where a module is, for `createRequire` and files beside it, also where it has become part of a bundle.
 *
 * @param meta the module's `import.meta`
 * @returns its URL; in a bundle in CommonJS, whose `import.meta` is empty, the bundle's path
 */
export function moduleFile(meta: { readonly url?: string }): string {
  if (meta.url !== undefined) return meta.url;
  return typeof __filename === 'string' ? __filename : join(process.cwd(), 'bundle.js');
}
