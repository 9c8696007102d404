import * as tf from '@tensorflow/tfjs-core';
import { compile, gelu, layerNorm, scaledDotProductAttention, sparseSoftmaxCrossEntropy, randomKey, RandomStream } from 'ssl-tensor';
const [B, T, D, H, L, P, C] = [64, 65, 192, 3, Number(process.env.L ?? 12), 48, 10];
const rs = new RandomStream(randomKey(1));
const mk = (shape: number[], kind: 'w' | 'g' | 'b') => { const n = shape.reduce((a, b) => a * b, 1); const d = new Float32Array(n); if (kind === 'g') d.fill(1); if (kind === 'w') for (let i = 0; i < n; i++) d[i] = (rs.uniform() - 0.5) * 0.07; return tf.variable(tf.tensor(d, shape)); };
const p: Record<string, tf.Variable> = { pw: mk([P, D], 'w'), pb: mk([D], 'b'), cls: mk([1, 1, D], 'w'), pos: mk([1, T, D], 'w'), lg: mk([D], 'g'), lb: mk([D], 'b'), hw: mk([D, C], 'w'), hb: mk([C], 'b') };
for (let i = 0; i < L; i++) Object.assign(p, { [`${i}.1g`]: mk([D], 'g'), [`${i}.1b`]: mk([D], 'b'), [`${i}.qw`]: mk([D, 3 * D], 'w'), [`${i}.qb`]: mk([3 * D], 'b'), [`${i}.ow`]: mk([D, D], 'w'), [`${i}.ob`]: mk([D], 'b'), [`${i}.2g`]: mk([D], 'g'), [`${i}.2b`]: mk([D], 'b'), [`${i}.fw`]: mk([D, 4 * D], 'w'), [`${i}.fb`]: mk([4 * D], 'b'), [`${i}.gw`]: mk([4 * D, D], 'w'), [`${i}.gb`]: mk([D], 'b') });
const lin = (x: tf.Tensor, w: tf.Tensor, b: tf.Tensor) => tf.reshape(tf.add(tf.matMul(tf.reshape(x, [-1, x.shape.at(-1)!]), w as tf.Tensor2D), b), [...x.shape.slice(0, -1), w.shape[1]!]);
const fwd = (x0: tf.Tensor, labels: tf.Tensor1D) => {
  let x: tf.Tensor = tf.add(tf.concat([tf.tile(p.cls!, [B, 1, 1]), lin(x0, p.pw!, p.pb!)], 1), p.pos!);
  for (let i = 0; i < L; i++) {
    const qkv = tf.transpose(tf.reshape(lin(layerNorm(x, p[`${i}.1g`]!, p[`${i}.1b`]!, 1e-6), p[`${i}.qw`]!, p[`${i}.qb`]!), [B, T, 3, H, D / H]), [2, 0, 3, 1, 4]);
    const [q, k, v] = tf.unstack(qkv, 0) as tf.Tensor4D[];
    const o = tf.reshape(tf.transpose(scaledDotProductAttention(q!, k!, v!), [0, 2, 1, 3]), [B, T, D]);
    x = tf.add(x, lin(o, p[`${i}.ow`]!, p[`${i}.ob`]!));
    x = tf.add(x, lin(gelu(lin(layerNorm(x, p[`${i}.2g`]!, p[`${i}.2b`]!, 1e-6), p[`${i}.fw`]!, p[`${i}.fb`]!)), p[`${i}.gw`]!, p[`${i}.gb`]!));
  }
  x = layerNorm(x, p.lg!, p.lb!, 1e-6);
  return tf.mean(sparseSoftmaxCrossEntropy(lin(tf.reshape(tf.slice(x, [0, 0, 0], [B, 1, D]), [B, D]), p.hw!, p.hb!) as tf.Tensor2D, labels)) as tf.Scalar;
};
const vs = Object.values(p); const ms = vs.map((v) => tf.variable(tf.zeros(v.shape))), ss = vs.map((v) => tf.variable(tf.zeros(v.shape))); const t = tf.variable(tf.scalar(0));
const step = compile((x: tf.Tensor3D, y: tf.Tensor1D, lr: tf.Scalar) => {
  const { value, grads } = tf.variableGrads(() => fwd(x, y), vs);
  t.assign(tf.add(t, 1)); const c1 = tf.sub(1, tf.pow(0.9, t)), c2 = tf.sqrt(tf.sub(1, tf.pow(0.999, t))); const a = tf.div(tf.mul(lr, c2), c1), eps = tf.mul(c2, 1e-8), decay = tf.sub(1, tf.mul(lr, 0.05));
  vs.forEach((v, i) => { const g = grads[v.name]!; const m = tf.add(tf.mul(ms[i]!, 0.9), tf.mul(g, 0.1)), s = tf.add(tf.mul(ss[i]!, 0.999), tf.mul(tf.square(g), 0.001)); ms[i]!.assign(m as never); ss[i]!.assign(s as never); v.assign(tf.sub(tf.mul(v, decay), tf.mul(a, tf.div(m, tf.add(tf.sqrt(s), eps)))) as never); });
  return value;
}, { profile: process.env.PROF, threads: Number(process.env.TH ?? 2) } as never);
const x = { data: Float32Array.from({ length: B * (T - 1) * P }, () => rs.uniform() - 0.5), shape: [B, T - 1, P] }; const y = { data: Int32Array.from({ length: B }, (_, i) => i % 10), shape: [B] };
for (let i = 0; i < Number(process.env.N ?? 5); i++) { const t0 = performance.now(); const l = await step(x, y, { data: Float32Array.of(1e-3), shape: [] }); console.log('loss', l.dataSync()[0], 'ms', Math.round(performance.now() - t0), 'tensors', tf.memory().numTensors); l.dispose(); }
console.log('rss', Math.round(process.memoryUsage().rss / 1e6));
step.dispose(); await new Promise((r) => setTimeout(r, 500));
