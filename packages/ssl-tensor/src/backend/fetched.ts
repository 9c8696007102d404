import * as tf from '@tensorflow/tfjs-core';
import { InvalidOptionError } from '@selfsup/ssl-core';
import { registerSslBackend } from './register-backend.js';
import type { SslBackend } from './ssl-backend.js';
import { ResidentTensor } from './stored-tensor.js';

/** A tensor, or what has its own as `variable`: a Parameter or Buffer of @selfsup/ssl-nn. */
export type Fetchable = tf.Tensor | { readonly variable: tf.Variable };

/** What a tensor is in the memory of an engine; undefined for values that lie elsewhere. */
export function residentOf(backend: SslBackend, { dataId }: tf.Tensor): ResidentTensor | undefined {
  const stored = backend.holds(dataId) ? backend.entry(dataId) : undefined;
  return stored instanceof ResidentTensor ? stored : undefined;
}

/**
 * Brings values that compiled functions left in the memory of a device to the host, so that what reads them at once can:
 * `dataSync()`, `arraySync()`, `stateDict()`, eager ops. To be awaited once before it, between compiled calls: the next one
 * that assigns a variable leaves its new value on the device. Where the engine's memory is the host's, as on all devices
 * today, there is nothing to fetch and nothing is copied.
 *
 * @param tensors variables, other tensors, and parameters or buffers of modules; default: all variables there are
 * @throws InvalidOptionError for what is no tensor and has none
 *
 * @example
 * await fetched(model.namedParameters().values());
 * const weights = model.stateDict();
 */
export async function fetched(
  tensors: Iterable<Fetchable> = Object.values(tf.engine().registeredVariables),
): Promise<void> {
  const backend = registerSslBackend();
  const pending: Promise<void>[] = [];
  for (const item of tensors) {
    const tensor = item instanceof tf.Tensor ? item : item?.variable;
    if (!(tensor instanceof tf.Tensor))
      throw new InvalidOptionError('fetched', 'tensors', 'tensors, variables, parameters or buffers', item);
    const fetching = residentOf(backend, tensor)?.fetch();
    if (fetching !== undefined) pending.push(fetching);
  }
  if (pending.length > 0) await Promise.all(pending);
}

/** Fetches variables that share their data with other tensors, which a trace gives data of their own. */
export function fetchShared(backend: SslBackend): Promise<unknown> | undefined {
  const pending: Promise<void>[] = [];
  for (const variable of Object.values(tf.engine().registeredVariables)) {
    const resident = residentOf(backend, variable);
    const fetching = resident !== undefined && resident.refCount > 1 ? resident.fetch() : undefined;
    if (fetching !== undefined) pending.push(fetching);
  }
  return pending.length === 0 ? undefined : Promise.all(pending);
}
