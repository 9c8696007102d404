import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fromBinary } from '@bufbuild/protobuf';
import * as tf from '@tensorflow/tfjs-core';
import { ModelProtoSchema, type ModelProto } from 'onnx-buf';
import { describe, expect, it } from 'vitest';
import { InvalidOptionError, ndArray, UnsupportedOpError } from '@selfsup/ssl-core';
import { loadRuntime } from '@selfsup/ssl-runtime';
import { ExportError } from '../errors/export-error.js';
import { dropout } from '../ops/dropout.js';
import { hostCall } from '../ops/host-call.js';
import { takeRows } from '../ops/take-rows.js';
import { checkFileSize } from './encode-file.js';
import { exportOnnx } from './export-onnx.js';
import type { ExportableModule, ExportOnnxOptions } from './export-options.js';

const { InferenceSession, Tensor } = loadRuntime();

type Fn = (...inputs: never[]) => unknown;

/** What the file computes, in a session of its own. */
async function run(
  file: Uint8Array,
  feeds: Readonly<Record<string, tf.Tensor | Uint8Array>>,
  shapes: Readonly<Record<string, readonly number[]>> = {},
): Promise<Record<string, { dims: readonly number[]; data: number[] }>> {
  const session = await InferenceSession.create(file, { logSeverityLevel: 3 });
  const named = Object.entries(feeds).map(([name, value]) => [
    name,
    value instanceof Uint8Array
      ? new Tensor('uint8', value, shapes[name]!)
      : new Tensor(value.dtype as 'float32', value.dataSync() as Float32Array, value.shape),
  ]);
  const results = await session.run(Object.fromEntries(named) as never);
  await session.release();
  return Object.fromEntries(
    Object.entries(results).map(([name, { dims, data }]) => [name, { dims, data: Array.from(data as Float32Array) }]),
  );
}

/** Compares the file of a function of one tensor with the function, at sizes that it was not traced at. */
async function expectSame(
  fn: (x: tf.Tensor) => tf.Tensor,
  shape: readonly number[],
  options?: ExportOnnxOptions,
): Promise<ModelProto> {
  const file = await exportOnnx(fn as Fn, [tf.zeros([2, ...shape])], options);
  for (const batch of [1, 2, 5, 11, 40]) {
    const x = tf.tidy(() =>
      tf.sin(tf.reshape(tf.range(0, tf.util.sizeFromShape([batch, ...shape])), [batch, ...shape])),
    );
    const expected = tf.tidy(() => fn(x));
    const { output } = await run(file, { input: x });
    expect(output!.dims).toEqual(expected.shape);
    expected.dataSync().forEach((value, index) => expect(output!.data[index]).toBeCloseTo(value, 5));
  }
  return fromBinary(ModelProtoSchema, file);
}

const failure = async (fn: Fn, inputs: readonly unknown[], options?: ExportOnnxOptions): Promise<unknown> =>
  exportOnnx(fn, inputs, options).then(
    () => undefined,
    (error: unknown) => error,
  );

describe('a batch of any size', () => {
  it.each<[string, (x: tf.Tensor) => tf.Tensor, readonly number[]]>([
    ['flattening', (x) => tf.reshape(x, [-1, 12]), [3, 4]],
    ['heads', (x) => tf.reshape(tf.transpose(tf.reshape(x, [x.shape[0]!, 3, 2, 2]), [0, 2, 1, 3]), [-1, 3, 2]), [3, 4]],
    ['zeros of its size', (x) => tf.concat([tf.add(tf.zeros([x.shape[0]!, 1, 4]), 0.5), x], 1), [3, 4]],
    ['a row for each', (x) => tf.concat([x, tf.tile(tf.tensor2d([[1, 2, 3]]), [x.shape[0]!, 1])], 1), [4]],
    ['its numbers', (x) => tf.add(x, tf.reshape(tf.range(0, x.shape[0]!), [-1, 1])), [4]],
    [
      'places in a flat array',
      (x) => takeRows(tf.reshape(x, [-1, 4]) as tf.Tensor2D, tf.range(0, x.shape[0]! * 3, 3, 'int32')),
      [3, 4],
    ],
    ['a gather in each', (x) => tf.gather(x, tf.ones([x.shape[0]!, 2], 'int32'), 1, 1), [3, 4]],
    [
      'slices and pads',
      (x) =>
        tf.pad(tf.slice(x, [0, 1], [x.shape[0]!, 2]), [
          [0, 0],
          [1, 0],
        ]),
      [4],
    ],
    ['all to all', (x) => tf.matMul(x as tf.Tensor2D, x as tf.Tensor2D, false, true), [4]],
    [
      'products of heads, transposed',
      (x) => tf.matMul(tf.softmax(tf.matMul(x as tf.Tensor3D, x as tf.Tensor3D, false, true)), x as tf.Tensor3D),
      [3, 4],
    ],
    ['a mean over the batch', (x) => tf.sub(x, tf.mean(x, 0, true)), [4]],
    [
      'long sums and products',
      (x) => tf.add(tf.sum(x, 1, true), tf.matMul(x as tf.Tensor2D, tf.ones([1000, 3]))),
      [1000],
    ],
  ])('%s', async (_, fn, shape) => {
    const model = await expectSame(fn, shape);
    expect(model.opsetImport.map(({ domain }) => domain)).toEqual(['']);
    expect(new Set(model.graph!.node.map(({ domain }) => domain))).toEqual(new Set(['']));
  });

  it('names the open axis of inputs and results', async () => {
    const file = await exportOnnx(((x: tf.Tensor) => tf.reshape(x, [-1, 2])) as Fn, [tf.zeros([1, 6])], {
      batchName: 'n',
    });
    const { input, output } = fromBinary(ModelProtoSchema, file).graph!;
    const dimsOf = ({ type }: (typeof input)[number]): unknown[] =>
      type?.value.case === 'tensorType' ? type.value.value.shape!.dim.map(({ value }) => value.value) : [];
    expect(dimsOf(input[0]!)).toEqual(['n', 6n]);
    expect(dimsOf(output[0]!)).toEqual(['3*n', 2n]);
  });

  it.each<[string, (x: tf.Tensor) => unknown, RegExp]>([
    [
      'a number that is no size',
      (x) => tf.div(x, x.shape[0]!),
      /exportOnnx: RealDiv uses numbers that depend on the batch size.*dynamicBatch: false/,
    ],
    [
      'a size that is a square',
      (x) => tf.reshape(tf.matMul(x as tf.Tensor2D, x as tf.Tensor2D, false, true), [x.shape[0]! ** 2]),
      /Reshape uses numbers|result 'output' has a size/,
    ],
    ['other ops', (x) => (x.shape[0]! > 12 ? tf.relu(x) : tf.tanh(x)), /Tanh|Relu/],
    ['a fixed size', (x) => tf.reshape(x, [2, 2, 2]), /cannot be traced at other batch sizes.*dynamicBatch: false/],
  ])('refuses %s by name, and the way out works', async (_, fn, message) => {
    const error = await failure(fn as Fn, [tf.zeros([2, 4])]);
    expect(ExportError.isInstance(error)).toBe(true);
    expect((error as ExportError).code).toBe('SSL_EXPORT');
    expect((error as ExportError).message).toMatch(message);
    const x = tf.reshape(tf.range(0, 8), [2, 4]);
    const file = await exportOnnx(fn as Fn, [x], { dynamicBatch: false });
    const { output } = await run(file, { input: x });
    (fn(x) as tf.Tensor).dataSync().forEach((value, index) => expect(output!.data[index]).toBeCloseTo(value, 4));
  });

  it('takes shorter sequences than the example, as if zeros followed, and cuts results', async () => {
    const fn = (x: tf.Tensor, mask: tf.Tensor): Record<string, tf.Tensor> => ({
      each: tf.mul(tf.add(x, tf.sum(tf.mul(x, mask), 1, true)), 2),
      all: tf.sum(tf.mul(x, mask), 1),
    });
    const given = { lengthName: 'length', inputNames: ['x', 'mask'] };
    const file = await exportOnnx(fn as Fn, [tf.zeros([1, 6]), tf.zeros([1, 6])], given);
    const { input, output } = fromBinary(ModelProtoSchema, file).graph!;
    const sizes = [...input, ...output].map(({ type }) => {
      const { shape } = type!.value.value as { shape: { dim: { value: { value?: unknown } }[] } };
      return shape.dim.map(({ value }) => value.value);
    });
    expect(sizes).toEqual([['batch', 'length'], ['batch', 'length'], ['batch', 'length'], ['batch']]);
    for (const [batch, length] of [
      [1, 1],
      [3, 4],
      [2, 6],
    ] as const) {
      const x = tf.tidy(() => tf.reshape(tf.range(1, 1 + batch * length), [batch, length]));
      const { each, all } = await run(file, { x, mask: tf.ones([batch, length]) });
      const expected = tf.tidy(() => fn(x, tf.ones([batch, length])));
      expect([each!.dims, each!.data]).toEqual([[batch, length], [...expected['each']!.dataSync()]]);
      expect([all!.dims, all!.data]).toEqual([[batch], [...expected['all']!.dataSync()]]);
    }
    for (const [options, inputs, message] of [
      [{ lengthName: '' }, [tf.zeros([1, 6])], /lengthName must be a text/],
      [{ lengthName: 'batch' }, [tf.zeros([1, 6])], /another name than the batch's, 'batch'/],
      [{ lengthName: 'length' }, [tf.zeros([4])], /left out where no input has a second axis/],
    ] as const)
      await expect(exportOnnx(((x: tf.Tensor) => tf.neg(x)) as Fn, inputs, options)).rejects.toThrow(message);
  });

  it('leaves inputs without a batch as they are', async () => {
    const add = ((x: tf.Tensor, table: tf.Tensor, factor: tf.Scalar) => tf.mul(tf.add(x, table), factor)) as Fn;
    const inputs = [tf.ones([3, 4]), tf.ones([1, 4]), tf.scalar(2)];
    const names = { inputNames: ['x', 'table', 'factor'] };
    expect(String(await failure(add, inputs, names))).toMatch(/'x' of 3, got .*'table' of 1.*fixedInputs/);
    const file = await exportOnnx(add, inputs, { ...names, fixedInputs: ['table'] });
    const { output } = await run(file, { x: tf.ones([6, 4]), table: tf.ones([1, 4]), factor: tf.scalar(3) });
    expect(output).toEqual({ dims: [6, 4], data: Array<number>(24).fill(6) });
  });

  it('takes ids as int64 where it is asked to', async () => {
    const rows = ((ids: tf.Tensor) => tf.gather(tf.tensor1d([5, 6, 7]), ids as tf.Tensor2D)) as Fn;
    const file = await exportOnnx(rows, [tf.zeros([1, 2], 'int32')], { int64Inputs: ['input'] });
    const session = await InferenceSession.create(file, { logSeverityLevel: 3 });
    const ids = new Tensor('int64', BigInt64Array.of(2n, 0n, 1n, 1n, 0n, 2n), [3, 2]);
    const { output } = await session.run({ input: ids });
    await session.release();
    expect(Array.from(output!.data as Float32Array)).toEqual([7, 5, 6, 6, 5, 7]);
    const floats = await failure(rows, [tf.zeros([1, 2])], { int64Inputs: ['input'] });
    expect(String(floats)).toMatch(/int64Inputs must be names of int32 inputs \(\)/);
  });
});

describe('the file', () => {
  it('holds the variables by name, what is said of it, and inputs and results by their keys', async () => {
    const [weight, bias] = [
      tf.variable(
        tf.tensor2d([
          [1, 2],
          [3, 4],
        ]),
      ),
      tf.variable(tf.tensor1d([5, 6]), true, 'my-bias'),
    ];
    const module: ExportableModule = {
      forward: ((x: tf.Tensor2D) => tf.matMul(x, weight as tf.Tensor2D)) as Fn,
      namedParameters: () => new Map([['weight', { variable: weight }]]),
      namedBuffers: () => new Map(),
    };
    const fn = ({ pixels }: { pixels: tf.Tensor2D }) => ({
      sum: tf.add((module.forward as (x: tf.Tensor) => tf.Tensor)(pixels), bias),
      same: pixels,
    });
    const folder = await mkdtemp(join(tmpdir(), 'onnx-'));
    const path = join(folder, 'model.onnx');
    const options = { path, modules: { head: module }, name: 'two', doc: 'A test', metadata: { author: 'nobody' } };
    const bytes = await exportOnnx(fn as Fn, [{ pixels: ndArray(new Float32Array(2), [1, 2]) }], options);
    expect(new Uint8Array(await readFile(path))).toEqual(bytes);
    await rm(folder, { recursive: true });
    const model = fromBinary(ModelProtoSchema, bytes);
    expect(model).toMatchObject({ producerName: '@selfsup/ssl-tensor', docString: 'A test', graph: { name: 'two' } });
    expect(model.metadataProps.map(({ key, value }) => [key, value])).toEqual([['author', 'nobody']]);
    expect(model.graph!.initializer.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['head.weight', 'my-bias']),
    );
    expect(model.graph!.input.map(({ name }) => name)).toEqual(['pixels']);
    expect(
      await run(bytes, {
        pixels: tf.tensor2d([
          [1, 1],
          [0, 2],
        ]),
      }),
    ).toEqual({
      sum: { dims: [2, 2], data: [9, 12, 11, 14] },
      same: { dims: [2, 2], data: [1, 1, 0, 2] },
    });
    const alone = await exportOnnx(module, [tf.zeros([1, 2])]);
    expect(fromBinary(ModelProtoSchema, alone).graph!.initializer[0]!.name).toBe('weight');
  });

  it('takes the values that a variable has at the export, and leaves the variable alone', async () => {
    const shift = tf.variable(tf.scalar(1));
    const fn = ((x: tf.Tensor) => tf.add(x, shift)) as Fn;
    const before = tf.memory().numTensors;
    const file = await exportOnnx(fn, [[0].map(() => ndArray(new Float32Array(1), [1]))[0]]);
    expect(tf.memory().numTensors).toBe(before);
    shift.assign(tf.scalar(5));
    expect((await run(file, { input: tf.ones([1]) }))['output']!.data).toEqual([2]);
  });

  it('normalises bytes inside', async () => {
    const fn = ((x: tf.Tensor4D) => tf.mean(x, [1, 2])) as Fn;
    const normalize = { mean: [0.5, 0.25, 0], std: [0.5, 0.25, 1] };
    const file = await exportOnnx(fn, [tf.zeros([1, 2, 2, 3])], { inputNames: ['images'], normalize });
    const pixels = Uint8Array.from({ length: 24 }, (_, index) => (index < 12 ? [0, 255, 51][index % 3]! : 255));
    const { output } = await run(file, { images: pixels }, { images: [2, 2, 2, 3] });
    [-1, 3, 0.2, 1, 3, 1].forEach((value, index) => expect(output!.data[index]).toBeCloseTo(value, 5));
    const { metadataProps } = fromBinary(ModelProtoSchema, file);
    expect(Object.fromEntries(metadataProps.map(({ key, value }) => [key, value]))).toEqual({
      'normalize.input': 'images',
      'normalize.mean': '[0.5,0.25,0]',
      'normalize.std': '[0.5,0.25,1]',
    });
  });

  it('of 2 GiB or more is refused, with the name of the largest tensor', () => {
    const of = (name: string, rows: number) => ({
      name,
      value: { name, shape: [rows, 1024], type: 'float32' as const },
    });
    expect(() => checkFileSize([of('small', 10), of('large', 400_000)])).not.toThrow();
    expect(() => checkFileSize([of('small', 200_000), of('large', 400_000)])).toThrow(
      /'large' \[400000, 1024\].*2\.3 GiB/,
    );
  });
});

describe('what a file cannot hold', () => {
  const counter = tf.variable(tf.scalar(0), false, 'counter');
  it.each<[string, Fn, RegExp]>([
    [
      'random numbers',
      ((x: tf.Tensor) => dropout(x, 0.5, tf.tensor1d([1, 2], 'int32'))) as Fn,
      /exportOnnx: Ssl(RandomUniform|RandomBits) draws random numbers.*export-onnx\.test\.ts/,
    ],
    [
      'an assignment',
      ((x: tf.Tensor) => {
        counter.assign(tf.sum(x) as tf.Scalar);
        return x;
      }) as Fn,
      /variable 'counter' is assigned.*inference/,
    ],
    [
      'a new variable',
      ((x: tf.Tensor) => tf.add(x, tf.variable(tf.scalar(1), false, 'fresh'))) as Fn,
      /variable 'fresh' is made inside/,
    ],
    [
      'JavaScript',
      ((x: tf.Tensor) =>
        hostCall([x], [{ shape: x.shape, dtype: 'float32' }], (values) => values as never, { name: 'mine' })) as Fn,
      /hostCall 'mine' runs JavaScript/,
    ],
    ['nothing', (() => undefined) as Fn, /returns no tensor/],
  ])('%s: a typed error', async (_, fn, message) => {
    const error = await failure(fn, [tf.zeros([2, 4])]);
    expect(String(error)).toMatch(message);
    expect(ExportError.isInstance(error)).toBe(true);
  });

  it('host randomness and reading are refused as in compile()', async () => {
    const random = await failure(((x: tf.Tensor) => tf.add(x, tf.randomNormal([4]))) as Fn, [tf.zeros([2, 4])]);
    expect(UnsupportedOpError.isInstance(random)).toBe(true);
    const read = await failure(((x: tf.Tensor) => tf.mul(x, x.dataSync()[0]!)) as Fn, [tf.zeros([2, 4])]);
    expect(UnsupportedOpError.isInstance(read)).toBe(true);
  });

  it.each<[string, ExportOnnxOptions, RegExp]>([
    ['too few names', { inputNames: [] }, /inputNames must be a list of 1 names/],
    ['a name of the graph', { inputNames: ['t1'] }, /inputNames\[0\] must be a name/],
    ['one name for two', { inputNames: ['x'], outputNames: ['x'] }, /outputNames\[0\] must be a name that comes once/],
    ['statistics of another number', { normalize: { mean: [0.5], std: 0.5 } }, /normalize\.mean must be .*or 4/],
    ['statistics of 0 to 255', { normalize: { mean: 127, std: 64 } }, /normalize\.mean must be one number from 0 to 1/],
    ['an input that is none', { fixedInputs: ['y'] }, /fixedInputs must be names of inputs \(input\)/],
    ['metadata that is no text', { metadata: { size: 3 as never } }, /metadata\.size must be a text/],
    ['a misspelt option', { dynamic: true } as never, /dynamic must be a known option.*dynamicBatch/],
  ])('%s', async (_, options, message) => {
    const error = await failure(((x: tf.Tensor) => x) as Fn, [tf.zeros([2, 4])], options);
    expect(InvalidOptionError.isInstance(error)).toBe(true);
    expect((error as Error).message).toMatch(message);
  });
});
