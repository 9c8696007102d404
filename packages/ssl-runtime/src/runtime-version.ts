import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { runtimeFolder } from './runtime-folder.js';

/** Version of ONNX Runtime that {@link loadRuntime} takes, such as '1.30.0'; undefined where there is none. Loads nothing. */
export function runtimeVersion(): string | undefined {
  const folder = runtimeFolder();
  if (folder === undefined) return undefined;
  try {
    return (JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { version?: string }).version;
  } catch {
    return undefined;
  }
}
