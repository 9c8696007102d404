/** Trains a small convolutional net for many compiled steps, then calls with 600 signatures; prints the memory as JSON. */
import * as tf from '@tensorflow/tfjs-core';
import { softmaxCrossEntropy } from '@selfsup/ssl-losses';
import { BatchNorm, Conv2d, Linear, Relu, Sequential, training } from '@selfsup/ssl-nn';
import { compile, foldIn, randomKey, RandomStream } from '@selfsup/ssl-tensor';
import { AdamW } from '@selfsup/ssl-train';

const collect = (globalThis as { gc?: () => void }).gc!;
const key = randomKey(0);
const stream = new RandomStream(foldIn(key, 'data'));
const [batch, size] = [16, 16];
const net = new Sequential([
  new Conv2d(3, 16, { kernelSize: 3, padding: 1, key: foldIn(key, 1) }),
  new BatchNorm(16),
  new Relu(),
  new Conv2d(16, 32, { kernelSize: 3, stride: 2, padding: 1, key: foldIn(key, 2) }),
  new BatchNorm(32),
  new Relu(),
]);
const head = new Linear(32, 10, { key: foldIn(key, 3) });
const parameters = new Map([
  ...net.namedParameters(),
  ...[...head.namedParameters()].map(([name, parameter]) => [`head.${name}`, parameter] as const),
]);
const variables = [...parameters.values()].map(({ variable }) => variable);
const optimizer = new AdamW([{ parameters }]);
const step = compile((images: tf.Tensor4D, labels: tf.Tensor1D, learningRate: tf.Scalar) => {
  const loss = (): tf.Scalar => {
    const features = tf.mean(net.forward(images, training), [1, 2]) as tf.Tensor2D;
    return softmaxCrossEntropy(head.forward(features) as tf.Tensor2D, labels) as tf.Scalar;
  };
  const { value, grads } = tf.variableGrads(loss, variables);
  optimizer.apply(grads, learningRate);
  return value;
});
const labels = { data: Int32Array.from({ length: batch }, (_, index) => index % 10), shape: [batch] };

async function train(steps: number): Promise<number> {
  let last = NaN;
  for (let index = 0; index < steps; index++) {
    const images = {
      // Brighter from class to class, so that there is something to learn.
      data: Float32Array.from(
        { length: batch * size * size * 3 },
        (_, pixel) => stream.uniform() + labels.data[Math.floor(pixel / (size * size * 3))]! / 10,
      ),
      shape: [batch, size, size, 3],
    };
    const loss = await step(images, labels, { data: Float32Array.of(1e-3), shape: [] });
    last = loss.dataSync()[0]!;
    loss.dispose();
  }
  return last;
}

async function resident(): Promise<number> {
  // Twice, with a turn of the event loop between, for finalisers.
  for (let turn = 0; turn < 2; turn++) {
    collect();
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return process.memoryUsage().rss / 2 ** 20;
}

const firstLoss = await train(1);
await train(399);
const steady = { megabytes: await resident(), tensors: tf.memory().numTensors };
const loss = await train(1000);
const after = { megabytes: await resident(), tensors: tf.memory().numTensors };

const square = compile((x: tf.Tensor) => tf.matMul(x as tf.Tensor2D, x as tf.Tensor2D, false, true), { maxTraces: 8 });
async function callAll(columns: number): Promise<number> {
  for (let rows = 1; rows <= 200; rows++) {
    const result = await square({ data: new Float32Array(rows * columns).fill(1), shape: [rows, columns] });
    if (result.dataSync()[0] !== columns) throw new Error(`expected ${columns}`);
    result.dispose();
  }
  return resident();
}
const signatures = [await callAll(256), await callAll(255), await callAll(254)];
const { traces } = square;
square.dispose();

process.stdout.write(JSON.stringify({ steady, after, firstLoss, loss, signatures, traces }));
