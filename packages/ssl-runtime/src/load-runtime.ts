import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { moduleFile } from '@selfsup/ssl-core/files';
import type * as Common from 'onnxruntime-common';
import { RuntimeError } from './runtime-error.js';
import { folderVariable, runtimeFolder } from './runtime-folder.js';
import { wayOutOf } from './way-out.js';

/** ONNX Runtime as its Node binding has it: `InferenceSession`, `Tensor`, `env`. */
export type Runtime = typeof Common;

let loaded: Runtime | undefined;

/**
 * ONNX Runtime, loaded at the first call.
 *
 * @throws RuntimeError when its libraries are missing or do not load
 *
 * @example
 * const { InferenceSession } = loadRuntime();
 * const session = await InferenceSession.create('model.onnx');
 */
export function loadRuntime(): Runtime {
  loaded ??= load();
  return loaded;
}

function load(): Runtime {
  const folder = runtimeFolder();
  if (folder === undefined)
    throw new RuntimeError(
      '@selfsup/ssl-runtime, which holds its libraries, is not found',
      'Run npm install @selfsup/ssl-runtime in the project, which a bundle needs beside it too',
    );
  if (!existsSync(join(folder, 'package.json')))
    throw new RuntimeError(
      `${folderVariable} names ${folder}, which is no package`,
      'Name the folder of an installed onnxruntime-node, or unset it',
    );
  try {
    return createRequire(moduleFile(import.meta))(folder) as Runtime;
  } catch (cause) {
    const [problem, wayOut] = wayOutOf(cause);
    throw new RuntimeError(problem, wayOut, { cause });
  }
}
