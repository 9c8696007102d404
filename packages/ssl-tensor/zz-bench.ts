import * as tf from '@tensorflow/tfjs-core';
import { compile } from '@selfsup/ssl-tensor';
const mb = () => Math.round(process.memoryUsage().rss / 2 ** 20);
async function bench(name: string, x: number[], f: number[], stride: number, pad: 'same' | 'valid') {
  const img = tf.variable(tf.randomNormal(x));
  const fil = tf.variable(tf.randomNormal(f, 0, 0.05));
  for (const mode of ['forward', 'all'] as const) {
    const step = compile((k: tf.Tensor) => {
      if (mode === 'forward') return [tf.sum(tf.conv3d(img as never, fil as never, stride, pad))];
      const { value, grads } = tf.variableGrads(
        () => tf.sum(tf.mul(tf.conv3d(img as never, fil as never, stride, pad), k)) as tf.Scalar,
        [img, fil],
      );
      return [value, tf.sum(grads[img.name]!), tf.sum(grads[fil.name]!)];
    });
    const k = { data: Float32Array.of(1), shape: [1] };
    let t0 = performance.now();
    await step(k as never);
    const first = performance.now() - t0;
    t0 = performance.now();
    await step(k as never);
    await step(k as never);
    const t = (performance.now() - t0) / 2;
    console.log(name, mode, 'first', first.toFixed(0), 'ms', t.toFixed(0), 'ms; rss', mb());
    step.dispose();
  }
  img.dispose();
  fil.dispose();
}
const which = process.argv[2];
const cases: Record<string, () => Promise<void>> = {
  stem: () => bench('stem 7^3 s2 1->64 @64', [1, 69, 69, 69, 1], [7, 7, 7, 1, 64], 2, 'valid'),
  stem1: () => bench('stem 7^3 s1 1->64 @64', [1, 64, 64, 64, 1], [7, 7, 7, 1, 64], 1, 'same'),
  l1: () => bench('3^3 64->64 @16', [1, 16, 16, 16, 64], [3, 3, 3, 64, 64], 1, 'same'),
  l1b: () => bench('3^3 64->64 @32', [1, 32, 32, 32, 64], [3, 3, 3, 64, 64], 1, 'same'),
  l2: () => bench('3^3 s2 64->128 @17', [1, 17, 17, 17, 64], [3, 3, 3, 64, 128], 2, 'valid'),
  l4: () => bench('3^3 512->512 @4', [1, 4, 4, 4, 512], [3, 3, 3, 512, 512], 1, 'same'),
  p1: () => bench('1^3 256->64 @16', [1, 16, 16, 16, 256], [1, 1, 1, 256, 64], 1, 'same'),
};
await cases[which!]!();
