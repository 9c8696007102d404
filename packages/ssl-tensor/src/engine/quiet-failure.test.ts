import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

it('a step that fails says so by its error alone: the runtime prints nothing', () => {
  const script = `
    import * as tf from '@tensorflow/tfjs-core';
    import { compile } from '@selfsup/ssl-tensor';
    const pick = compile((x, at) => tf.gather(x, at));
    const at = { data: Int32Array.of(9), shape: [1] };
    await pick({ data: new Float32Array(4), shape: [4] }, at).catch((error) => process.stdout.write(error.name));`;
  const { stdout, stderr } = spawnSync(
    process.execPath,
    ['--import', 'tsx', '--conditions=ssl-source', '--input-type=module', '-e', script],
    { cwd: fileURLToPath(new URL('.', import.meta.url)), encoding: 'utf8', timeout: 50_000 },
  );
  expect({ stdout, stderr }).toEqual({ stdout: 'DataError', stderr: '' });
});
