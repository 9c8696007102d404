import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { moduleFile } from '@selfsup/ssl-core/files';

/** Folder of an onnxruntime-node of one's own, such as one with CUDA's libraries. */
export const folderVariable = 'SSL_ONNXRUNTIME_NODE';

/**
 * Folder of the runtime that is loaded: the one that the environment variable SSL_ONNXRUNTIME_NODE names, the one in this
 * package, or, in its sources before a build, the onnxruntime-node that the package is made from.
 *
 * @returns undefined where there is none
 */
export function runtimeFolder(): string | undefined {
  const named = process.env[folderVariable] ?? '';
  if (named !== '') return resolve(named);
  const require = createRequire(moduleFile(import.meta));
  const folderOf = (name: string, ...below: readonly string[]): string | undefined => {
    try {
      // By its name, so that a bundle finds the package where it is installed.
      const folder = join(dirname(require.resolve(`${name}/package.json`)), ...below);
      return existsSync(join(folder, 'package.json')) ? folder : undefined;
    } catch {
      return undefined;
    }
  };
  return folderOf('@selfsup/ssl-runtime', 'dist', 'onnxruntime') ?? folderOf('onnxruntime-node');
}
