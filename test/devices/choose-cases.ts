import type * as tf from '@tensorflow/tfjs-core';

import { registerSslBackend } from '../../packages/ssl-tensor/src/backend/register-backend.js';
import { type LeafSpec, recordFunction } from '../../packages/ssl-tensor/src/compile/run-trace.js';
import { sizeOf, type Value } from '../../packages/ssl-tensor/src/graph/value.js';
import { deviceUnderTest, exclusionOf } from './exclusions.js';

/** A case that can be recorded. */
export interface RecordableCase {
  readonly name: string;
  readonly inputs: readonly { readonly shape: readonly number[]; readonly dtype: LeafSpec['type'] }[];
}

/** Every ONNX op that values are made by, with the element types of its operands. */
function opsOf(tree: unknown, found = new Set<string>(), seen = new Set<unknown>()): ReadonlySet<string> {
  if (typeof tree !== 'object' || tree === null || seen.has(tree)) return found;
  seen.add(tree);
  const { producer, value } = tree as { producer?: Value['producer']; value?: unknown };
  if (producer !== undefined) {
    found.add(`${producer.op}(${producer.inputs.map((operand) => operand?.type ?? '').join(', ')})`);
    opsOf(producer.inputs, found, seen);
  } else if (value !== undefined) opsOf(value, found, seen);
  else if (Array.isArray(tree) || Object.getPrototypeOf(tree) === Object.prototype)
    for (const item of Object.values(tree)) opsOf(item, found, seen);
  return found;
}

/**
 * The cases that the device under test leaves out, and why. WebGPU compiles a shader for every op and shape, so that the
 * whole suite takes 20 minutes on a software adapter: there, from the smallest on, a case runs that has a kernel, or an
 * ONNX op on element types, that no case before it had. SSL_TEST_ALL_CASES=1 runs all.
 *
 * @param kernels set that the rules of the lowering table note their names in
 * @param run what a case records
 * @param all whether no case is left out as a repetition
 */
export function reasonsToSkip<C extends RecordableCase>(
  cases: readonly C[],
  kernels: Set<string>,
  run: (item: C, tensors: readonly tf.Tensor[]) => unknown,
  all = process.env['SSL_TEST_ALL_CASES'] === '1',
): ReadonlyMap<C, string> {
  const reasons = new Map<C, string>();
  for (const item of cases) {
    const reason = exclusionOf(item.name);
    if (reason !== undefined) reasons.set(item, reason);
  }
  if (deviceUnderTest !== 'webgpu' || all) return reasons;
  const backend = registerSslBackend();
  const known = new Set<string>();
  const elements = ({ inputs }: C): number => inputs.reduce((sum, { shape }) => sum + sizeOf(shape), 0);
  const possible = cases.filter((item) => !reasons.has(item)).toSorted((a, b) => elements(a) - elements(b));
  for (const item of possible) {
    kernels.clear();
    const specs = item.inputs.map(({ shape, dtype }) => ({ shape, type: dtype }));
    const { result } = recordFunction(backend, 'webgpu', specs, (tensors) => run(item, tensors));
    const types = item.inputs.map(({ dtype }) => dtype).join(', ');
    const features = [...[...kernels].map((kernel) => `${kernel} of ${types}`), ...opsOf(result)];
    if (features.every((feature) => known.has(feature)))
      reasons.set(item, 'cases before it have the same kernels and ops on the same element types');
    for (const feature of features) known.add(feature);
  }
  kernels.clear();
  return reasons;
}
