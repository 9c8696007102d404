import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { compile } from './packages/ssl-tensor/src/compile/compile.js';
const t = (name: string, op: (...x: tf.Tensor[]) => tf.Tensor | tf.Tensor[], ...mk: (() => tf.Tensor)[]) => async () => {
  for (const backend of ['cpu', 'ssl', 'compiled']) {
    let out: string;
    try {
      if (backend === 'compiled') {
        const c = compile(op as never, { threads: 1 }) as unknown as (...x: tf.Tensor[]) => Promise<tf.Tensor>;
        const r = [await c(...mk.map((m) => m()))].flat() as tf.Tensor[];
        out = r.map((x) => `${x.dtype}[${x.shape}] ${Array.from(x.dataSync())}`).join(' ; ');
      } else {
        await tf.setBackend(backend);
        out = [op(...mk.map((m) => m()))].flat().map((x) => `${x.dtype}[${x.shape}] ${Array.from(x.dataSync())}`).join(' ; ');
      }
    } catch (e) { out = `THROWS ${(e as Error).constructor.name} ${(e as Error).message.slice(0, 160)}`; }
    console.log(name.padEnd(28), backend.padEnd(9), out);
  }
};
const e23 = () => tf.zeros([2, 0, 3]);
const i23 = () => tf.zeros([2, 0, 3], 'int32');
const b23 = () => tf.zeros([2, 0, 3], 'bool');
const z = () => tf.zeros([0, 3]);
const special = [NaN, 0, -0, 1, -1, 2, 0.5, Infinity, -Infinity, -2, -0.5, 3];
const A = () => tf.tensor(special.flatMap((a) => special.map(() => a)));
const B = () => tf.tensor(special.flatMap(() => special));
const S = (op: (x: tf.Tensor) => tf.Tensor | tf.Tensor[]) => op as never;
for (const run of [
  ...(['max', 'min', 'sum', 'mean', 'prod', 'logSumExp', 'argMax', 'argMin'] as const).flatMap((n) => [
    t(n, S((x) => (tf as any)[n](x, 1)), e23), t(n + ' keep', S((x) => (tf as any)[n](x, n.startsWith('arg') ? 1 : 1, true)), e23), t(n + ' none', S((x) => (tf as any)[n](x, 0)), z),t(n + ' other axis', S((x) => (tf as any)[n](x, 1)), z),
  ]),
  ...(['max', 'min', 'sum', 'mean', 'prod', 'argMax', 'argMin'] as const).map((n) => t(n + ' int', S((x) => (tf as any)[n](x, 1)), i23)),
  t('all', S((x) => tf.all(x, 1)), b23), t('any', S((x) => tf.any(x, 1)), b23),
  t('softmax', S((x) => tf.softmax(x)), () => tf.zeros([2, 0])), t('logSoftmax', S((x) => tf.logSoftmax(x)), () => tf.zeros([2, 0])),
  t('norm', S((x) => tf.norm(x, 'euclidean', 1)), () => tf.zeros([2, 0])), t('norm inf', S((x) => tf.norm(x, Infinity, 1)), () => tf.zeros([2, 0])),
  t('topk0', S((x) => tf.topk(x, 0).values), () => tf.zeros([2, 0])),
  t('cumsum', S((x) => tf.cumsum(x, 1)), () => tf.zeros([2, 0])),
  t('moments', S((x) => { const m = tf.moments(x, 1); return [m.mean, m.variance]; }), () => tf.zeros([2, 0])),
  t('maxPool', S((x) => tf.maxPool(x as tf.Tensor4D, 2, 2, 'valid')), () => tf.zeros([0, 4, 4, 1])),
  t('segsum', S((x) => tf.unsortedSegmentSum(x, tf.tensor1d([], 'int32'), 3)), () => tf.zeros([0, 2])),
]) await run();
await tf.setBackend('cpu'); const r1 = tf.pow(A(), B()).dataSync();
await tf.setBackend('ssl'); const r2 = tf.pow(A(), B()).dataSync();
const c = compile((a: tf.Tensor, b: tf.Tensor) => tf.pow(a, b), { threads: 1 });
const r3 = (await c(A(), B())).dataSync();
for (let i = 0; i < r1.length; i++) { const [a, b] = [special[Math.floor(i / special.length)], special[i % special.length]];
  if (!Object.is(r1[i], r2[i]) || !Object.is(r1[i], r3[i])) console.log('pow', a, b, 'cpu', r1[i], 'ssl', r2[i], 'compiled', r3[i]); }
for (const e of [0, NaN, 2, 3, 0.5, 1, -1, -0.5, Infinity, -2, 4]) {
 await tf.setBackend('cpu'); const x = special; const q1 = tf.pow(tf.tensor(x), e).dataSync(); const cc = compile((a: tf.Tensor) => tf.pow(a, e), {threads: 1}); const q3 = (await cc(tf.tensor(x))).dataSync();
 const dd = compile((a: tf.Tensor) => tf.pow(e, a), {threads: 1}); const w1 = tf.pow(e, tf.tensor(x)).dataSync(); const w3 = (await dd(tf.tensor(x))).dataSync();
 x.forEach((v, i) => { if (!Object.is(q1[i], q3[i])) console.log('pow const exp', v, e, q1[i], q3[i]); if (!Object.is(w1[i], w3[i])) console.log('pow const base', e, v, w1[i], w3[i]); });
}
