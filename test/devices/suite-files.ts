import { readdirSync } from 'node:fs';
import { join } from 'node:path';

import { repositoryRoot } from '../../tools/workspaces.js';

const folders = ['packages/ssl-tensor/src/lowering', 'packages/ssl-tensor/src/ops', 'test/devices'];

/** Test files that say nothing of a device, or cannot hold on one. */
const left: readonly { readonly file: string; readonly devices: readonly string[]; readonly reason: string }[] = [
  {
    file: 'lowering/lowering-table.test.ts',
    devices: ['cpu', 'webgpu', 'tensorflow'],
    reason: 'compares the table with the documents; runs nothing',
  },
  {
    file: 'lowering/half-value.test.ts',
    devices: ['cpu', 'webgpu', 'tensorflow'],
    reason: 'runs on the host only',
  },
  {
    file: 'ops/blockwise.test.ts',
    devices: ['webgpu', 'tensorflow'],
    reason: 'of a million elements each, for the blocks of the CPU; other devices take the chain as it is',
  },
  {
    file: 'lowering/long-products.test.ts',
    devices: ['tensorflow'],
    reason: "TensorFlow's own products of matrices, which add in float32",
  },
  {
    file: 'ops/checkpoint-memory.test.ts',
    devices: ['webgpu', 'tensorflow'],
    reason: "measures the memory of the CPU's graphs",
  },
  {
    file: 'devices/device-memory.test.ts',
    devices: ['webgpu', 'tensorflow'],
    reason: "stands an engine of hidden memory in place of the CPU's, and compares the bytes of the two",
  },
  {
    file: 'lowering/nan-aware.test.ts',
    devices: ['webgpu'],
    reason: 'WGSL lets an adapter take NaN and infinities for absent',
  },
  {
    file: 'lowering/whole-numbers.test.ts',
    devices: ['webgpu'],
    reason: 'beyond 2^31, conversions of floats to int32 are up to the adapter, which has no int64',
  },
  {
    file: 'lowering/image-batch.test.ts',
    devices: ['webgpu'],
    reason: 'takes a minute on a software adapter, for kernels that image.test.ts has too',
  },
  {
    file: 'ops/host-call.test.ts',
    devices: ['webgpu', 'tensorflow'],
    reason: 'is about how a graph is cut into parts on the host; nothing is cut where ops run one by one',
  },
  {
    file: 'lowering/operand-types.test.ts',
    devices: ['tensorflow'],
    reason: 'is about what is refused while tracing; nothing is traced where ops run one by one',
  },
];

/** The conformance suite's files for a device. */
export function suiteFiles(device: string): string[] {
  return folders
    .flatMap((folder) => readdirSync(join(repositoryRoot, folder)).map((name) => `${folder}/${name}`))
    .filter((path) => path.endsWith('.test.ts'))
    .filter((path) => !left.some(({ file, devices }) => path.endsWith(file) && devices.includes(device)));
}
