import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { InvalidOptionError, randomKey } from '@selfsup/ssl-tensor/host';
import { describe, expect, it } from 'vitest';
import {
  BatchNorm,
  Conv2d,
  Dropout,
  Gelu,
  Linear,
  Mlp,
  Module,
  Parameter,
  Relu,
  Sequential,
  TransformerBlock,
  training,
  twinOf,
  zeros,
} from '../index.js';

const key = randomKey(5);
const linear = (): Linear => new Linear(4, 4, { key });
type Forward = (x: tf.Tensor, ctx?: object) => tf.Tensor;
const run = (module: Module, x: tf.Tensor): number[] => [
  ...(module as unknown as { forward: Forward }).forward(x).dataSync(),
];

describe('a twin', () => {
  it.each<[string, () => Module, number[]]>([
    ['Linear', linear, [2, 4]],
    ['Conv2d', () => new Conv2d(3, 8, { key, kernelSize: 3, padding: 1, bias: false }), [2, 4, 4, 3]],
    [
      'Sequential',
      () => new Sequential([linear(), new BatchNorm(4), new Relu(), new Gelu(), new Dropout(0.5)]),
      [2, 4],
    ],
    ['TransformerBlock', () => new TransformerBlock(4, { key, heads: 2, dropout: 0.1, dropPath: 0.1 }), [1, 3, 4]],
    ['Mlp', () => new Mlp(4, 8, { key, approximate: 'tanh' }), [1, 3, 4]],
  ])('of %s computes the same and lives by itself', (_, make, shape) => {
    const module = make();
    const x = tf.sin(
      tf.reshape(
        tf.range(
          0,
          shape.reduce((a, b) => a * b),
          1,
        ),
        shape,
      ),
    );
    const twin = twinOf(module);
    expect(twin.constructor).toBe(module.constructor);
    expect([...twin.namedModules().keys()]).toEqual([...module.namedModules().keys()]);
    expect(twin.stateDict()).toEqual(module.stateDict());
    const before = run(module, x);
    expect(run(twin, x)).toEqual(before);
    for (const { variable } of twin.namedParameters().values()) variable.assign(tf.add(variable, 1));
    if (module instanceof Sequential)
      (twin as unknown as Sequential).forward(x, { ...training, key: tf.tensor1d([1, 2], 'int32') });
    expect(run(module, x)).toEqual(before);
    expect(run(twin, x)).not.toEqual(before);
    module.dispose();
    expect(run(twin, x)).not.toContain(Number.NaN);
  });

  it('keeps ties and circles, and copies what may change', () => {
    class Tied extends Module {
      readonly a = linear();
      readonly b = this.a;
      readonly weight = this.a.weight;
      readonly towers = new Map([['x', this.a]]);
      readonly frozen = new Set<Module>([this.a]);
      readonly counts = { calls: 0, table: new Float32Array(2) };
      readonly owner: { self?: Tied } = {};
      constructor() {
        super();
        this.owner.self = this;
      }
    }
    const [module] = [new Tied()];
    const twin = twinOf(module);
    expect(twin.b).toBe(twin.a);
    expect(twin.weight).toBe(twin.a.weight);
    expect(twin.towers.get('x')).toBe(twin.a);
    expect(twin.frozen.has(twin.a)).toBe(true);
    expect(twin.owner.self).toBe(twin);
    expect(twin.a).not.toBe(module.a);
    twin.counts.calls = 3;
    twin.counts.table[0] = 1;
    expect([module.counts.calls, module.counts.table[0]]).toEqual([0, 0]);
  });

  it('is refused for private members, before it is made, and the advice helps', () => {
    class Hidden extends Module {
      readonly layer = linear();
      readonly #rate: number;
      constructor(rate: number) {
        super();
        this.#rate = rate;
      }
      forward(x: tf.Tensor): tf.Tensor {
        return tf.mul(this.layer.forward(x), this.#rate);
      }
    }
    const { numTensors } = tf.memory();
    const first = new Hidden(2);
    const mine = tf.memory().numTensors;
    expect(() => twinOf(new Sequential([linear(), first]))).toThrow(
      /layers\.1 must be made of classes without #private.*Hidden.*loadStateDict/,
    );
    expect(tf.memory().numTensors - mine).toBe(2);
    expect(mine - numTensors).toBe(2);
    const second = new Hidden(2);
    second.loadStateDict(first.stateDict());
    const x = tf.ones([1, 4]);
    expect(run(second, x)).toEqual(run(first, x));
  });

  it('is refused for functions bound to the original, and tells those that reach for its weights', () => {
    class Bound extends Module {
      readonly layer = linear();
      readonly forward = (x: tf.Tensor): tf.Tensor => this.layer.forward(x);
    }
    expect(() => twinOf(new Bound())).toThrow(/forward must be a function that is not bound/);
    const layer = linear();
    class Closing extends Module {
      readonly layer = layer;
      constructor(private readonly features: (x: tf.Tensor) => tf.Tensor) {
        super();
      }
      forward(x: tf.Tensor): tf.Tensor {
        return this.features(x);
      }
    }
    const x = tf.ones([1, 4]);
    const closing = new Closing((y) => layer.forward(y));
    const twin = twinOf(closing);
    expect(() => twin.forward(x)).toThrow(InvalidOptionError);
    expect(run(closing, x)).toEqual(run(layer, x));
    expect(run(twinOf(new Closing((y) => tf.relu(y))), x)).toEqual([1, 1, 1, 1]);
  });

  it('is refused for what is no module, and for weights in objects that are none', () => {
    expect(() => twinOf({} as Module)).toThrow(InvalidOptionError);
    class View {
      constructor(readonly of: Parameter) {}
    }
    class Viewed extends Module {
      readonly weight = new Parameter(zeros([1], key));
      readonly view = new View(this.weight);
    }
    expect(() => twinOf(new Viewed())).toThrow(/Let View extend Module/);
  });
});
