import * as tf from '@tensorflow/tfjs-core';
import { batchMoments, batchNorm, compile, randomKey, RandomStream, sparseSoftmaxCrossEntropy } from 'ssl-tensor';
const B = Number(process.env.B ?? 64), HW = 32;
const rs = new RandomStream(randomKey(1));
const mk = (shape: number[], s: number) => tf.variable(tf.tensor(Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => (s === 1 ? 1 : s * (rs.uniform() - 0.5))), shape));
const p: Record<string, tf.Variable> = {};
const conv = (n: string, k: number, i: number, o: number) => { p[n] = mk([k, k, i, o], 0.1); p[n + 'g'] = mk([o], 1); p[n + 'b'] = mk([o], 0); };
conv('c1', 3, 3, 64); let ci = 64;
for (let s = 0; s < 4; s++) { const co = 64 << s; for (let j = 0; j < 2; j++) { conv(`s${s}.${j}.1`, 3, j ? co : ci, co); conv(`s${s}.${j}.2`, 3, co, co); if (!j && s) conv(`s${s}.${j}.d`, 1, ci, co); } ci = co; }
p.hw = mk([512, 10], 0.1); p.hb = mk([10], 0);
const cb = (x: any, n: string, s: number, pad: number) => { const y = tf.conv2d(x, p[n] as any, s, pad); return batchNorm(y, batchMoments(y), p[n + 'g']!, p[n + 'b']!); };
const fwd = (x: any, y: any) => {
  let h: any = tf.relu(cb(x, 'c1', 1, 1));
  for (let s = 0; s < 4; s++) for (let j = 0; j < 2; j++) { const n = `s${s}.${j}.`, st = !j && s ? 2 : 1; const z = cb(tf.relu(cb(h, n + '1', st, 1)), n + '2', 1, 1); h = tf.relu(tf.add(z, p[n + 'd'] ? cb(h, n + 'd', 2, 0) : h)); }
  return tf.mean(sparseSoftmaxCrossEntropy(tf.add(tf.matMul(tf.mean(h, [1, 2]) as any, p.hw as any), p.hb!) as any, y)) as tf.Scalar;
};
const vs = Object.values(p), ms = vs.map((v) => tf.variable(tf.zeros(v.shape)));
const step = compile((x: tf.Tensor4D, y: tf.Tensor1D) => {
  const { value, grads } = tf.variableGrads(() => fwd(x, y), vs);
  vs.forEach((v, i) => { const m = tf.add(tf.mul(ms[i]!, 0.9), grads[v.name]!); ms[i]!.assign(m as never); v.assign(tf.sub(v, tf.mul(m, 0.1)) as never); });
  return value;
}, { profile: process.env.PROF, threads: Number(process.env.TH ?? 2) } as never);
const x = { data: Float32Array.from({ length: B * HW * HW * 3 }, () => rs.uniform()), shape: [B, HW, HW, 3] }, y = { data: Int32Array.from({ length: B }, (_, i) => i % 10), shape: [B] };
for (let i = 0; i < Number(process.env.N ?? 5); i++) { const t0 = performance.now(), c0 = process.cpuUsage(); const l = await step(x as never, y as never); const c = process.cpuUsage(c0); console.log('loss', l.dataSync()[0], 'ms', Math.round(performance.now() - t0), 'cpu', Math.round((c.user + c.system) / 1000)); l.dispose(); }
console.log('rss', Math.round(process.memoryUsage().rss / 1e6));
step.dispose(); await new Promise((r) => setTimeout(r, 500));
