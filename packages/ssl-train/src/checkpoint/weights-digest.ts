import { createHash } from 'node:crypto';
import type { Module } from '@selfsup/ssl-nn';

/**
 * A short name for the weights of a module, by which a run that goes on knows its teacher: the teacher itself is in no
 * checkpoint. Reads the variables, as `stateDict()` does.
 *
 * @returns 16 hexadecimal digits of the SHA-256 of names, shapes and values; the module's own `digest` where it has one, as
 *   encoders of a file have
 */
export function weightsDigest(module: Module): string {
  const own = (module as { readonly digest?: unknown }).digest;
  if (typeof own === 'string') return own;
  const hash = createHash('sha256');
  for (const [name, state] of [...module.namedParameters(), ...module.namedBuffers()]) {
    const { data, shape } = state.read();
    hash.update(`${name} ${shape.join()} `);
    hash.update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  }
  return hash.digest('hex').slice(0, 16);
}
