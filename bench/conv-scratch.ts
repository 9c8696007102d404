import * as tf from '@tensorflow/tfjs-core';
import { batchMoments, batchNorm, compile, randomKey, RandomStream } from 'ssl-tensor';
const N = Number(process.env.B ?? 512), HW = Number(process.env.HW ?? 28), C0 = Number(process.env.C0 ?? 1);
const chans = (process.env.CH ?? '32,64,128,256').split(',').map(Number), strides = (process.env.ST ?? '1,2,2,2').split(',').map(Number);
const rs = new RandomStream(randomKey(1));
const mk = (shape: number[], s: number) => tf.variable(tf.tensor(Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => (s === 1 ? 1 : s * (rs.uniform() - 0.5))), shape));
const ws = chans.map((c, i) => [mk([3, 3, i ? chans[i - 1]! : C0, c], 0.1), mk([c], 1), mk([c], 0)]);
const bn = (x: any, g: any, b: any) => batchNorm(x, batchMoments(x), g, b);
const vs = ws.flat();
const step = compile((x: tf.Tensor4D) => {
  const { value, grads } = tf.variableGrads(() => {
    let h: any = tf.sub(tf.mul(tf.cast(x, 'float32'), 1 / 127), 1);
    ws.forEach(([w, g, b], i) => { h = tf.relu(bn(tf.conv2d(h, w as any, strides[i]!, 1), g!, b!)); });
    const f = tf.mean(h, [1, 2]) as tf.Tensor2D;
    return tf.mean(tf.square(tf.matMul(f, f, false, true))) as tf.Scalar;
  }, vs);
  vs.forEach((v) => v.assign(tf.sub(v, tf.mul(grads[v.name]!, 1e-3)) as never));
  return value;
}, { profile: process.env.PROF, threads: Number(process.env.TH ?? 2) } as never);
const x = { data: Uint8Array.from({ length: N * HW * HW * C0 }, () => rs.integer(256)), shape: [N, HW, HW, C0] };
for (let i = 0; i < Number(process.env.N ?? 5); i++) { const t0 = performance.now(), c0 = process.cpuUsage(); const l = await step(x as never); const c = process.cpuUsage(c0); console.log('loss', l.dataSync()[0], 'ms', Math.round(performance.now() - t0), 'cpu', Math.round((c.user + c.system) / 1000)); l.dispose(); }
console.log('rss', Math.round(process.memoryUsage().rss / 1e6));
step.dispose(); await new Promise((r) => setTimeout(r, 500));
