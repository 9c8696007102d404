import { createRequire } from 'node:module';
import util from 'node:util';
import { moduleFile } from '@selfsup/ssl-core/files';
import * as tf from '@tensorflow/tfjs-core';
import { mendGradients } from '../backend/mend-gradients.js';
import { mendKernels } from '../backend/mend-kernels.js';
import { registerSslBackend } from '../backend/register-backend.js';
import { DeviceError } from '../errors/device-error.js';
import { registerHostKernels } from './host-kernels.js';

/** TF.js's name of the backend that tfjs-node brings. */
export const tensorflowBackend = 'tensorflow';

/** Folder of a tfjs-node that was built elsewhere. */
const variable = 'SSL_TFJS_NODE';
const packages = ['@tensorflow/tfjs-node-gpu', '@tensorflow/tfjs-node'] as const;

let loading: Promise<void> | undefined;

/**
 * Makes TF.js's backend `tensorflow` known, once: of a tfjs-node that is loaded already, of the folder that the
 * environment variable SSL_TFJS_NODE names, of `@tensorflow/tfjs-node-gpu` or of `@tensorflow/tfjs-node`, the first that
 * is there. TF.js's current backend stays what it was.
 *
 * @throws DeviceError when there is none, or when it does not load
 */
export function loadTensorflow(): Promise<void> {
  loading ??= load();
  return loading;
}

async function load(): Promise<void> {
  if (tf.findBackendFactory(tensorflowBackend) === null) {
    registerSslBackend();
    // TF.js chooses its backend at its first use, and tfjs-node would be chosen.
    void tf.backend();
    const outer = tf.getBackend();
    restoreOldUtil();
    quietly(requireTensorflow);
    // It registers TF.js's CPU kernels and gradients once more.
    mendKernels();
    mendGradients();
    if (outer !== tf.getBackend()) await tf.setBackend(outer);
  }
  registerHostKernels(tensorflowBackend);
}

/** tfjs-node 4.22 calls a function that Node 23 removed. */
function restoreOldUtil(): void {
  const old = util as { isNullOrUndefined?: (value: unknown) => boolean };
  old.isNullOrUndefined ??= (value) => value === undefined || value === null;
}

/** Without TF.js's warnings that tfjs-node registers a second time what it shares with us. */
function quietly(body: () => void): void {
  const production = tf.env().getBool('PROD');
  tf.env().set('PROD', true);
  try {
    body();
  } finally {
    tf.env().set('PROD', production);
  }
}

function requireTensorflow(): void {
  const require = createRequire(moduleFile(import.meta));
  const folder = process.env[variable] ?? '';
  const candidates = folder === '' ? packages : [folder];
  const causes: unknown[] = [];
  for (const candidate of candidates) {
    try {
      require(candidate);
      return;
    } catch (cause) {
      causes.push(cause);
    }
  }
  const reasons = causes.map((cause, index) => `${candidates[index]!}: ${String(cause).split('\n')[0]}`);
  throw new DeviceError(
    tensorflowBackend,
    `does not work here: ${reasons.join('; ')}`,
    `Install @tensorflow/tfjs-node or @tensorflow/tfjs-node-gpu beside @selfsup/ssl-tensor, or set ${variable} to the folder of one that was built elsewhere. device: 'cpu' works everywhere`,
    { cause: causes.at(-1) },
  );
}
