import { join } from 'node:path';

/** Where this module is, for `createRequire`: also in a bundle, in either of the two formats. */
export function ownModule(): string {
  const { url } = import.meta as { readonly url?: string };
  if (url !== undefined) return url;
  // A bundler that writes CommonJS leaves import.meta empty.
  return typeof __filename === 'string' ? __filename : join(process.cwd(), 'bundle.js');
}
