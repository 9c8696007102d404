// Says whether a device works in this environment: `probe.ts DEVICE` exits 0, or prints why not and exits 1.
import type { CompileOptions } from '../../packages/ssl-tensor/src/compile/compiled-types.js';
import { engineFor } from '../../packages/ssl-tensor/src/engine/choose-engine.js';
import { loadTensorflow } from '../../packages/ssl-tensor/src/engine/load-tensorflow.js';

const device = process.argv[2] as NonNullable<CompileOptions['device']>;
try {
  if (device === 'tensorflow') await loadTensorflow();
  else await engineFor({ device, threads: 1 });
} catch (error) {
  console.log((error as Error).message);
  process.exitCode = 1;
}
