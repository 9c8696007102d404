import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { InvalidOptionError, randomKey } from '@selfsup/ssl-tensor/host';
import { describe, expect, it } from 'vitest';
import { Linear, Module, Parameter, Relu, zeros } from '../index.js';

const key = randomKey(5);
const linear = (): Linear => new Linear(1, 1, { key, bias: false });
class Holder extends Module {
  constructor(readonly parts: unknown) {
    super();
  }
}
const names = (parts: unknown): string[] => [...new Holder(parts).namedParameters().keys()];

describe('the tree finds', () => {
  it('records, Maps and lists, nested', () => {
    expect(names({ text: linear(), image: [linear(), { deep: linear() }] })).toEqual([
      'parts.text.weight',
      'parts.image.0.weight',
      'parts.image.1.deep.weight',
    ]);
    expect(names(new Map([['a', linear()]]))).toEqual(['parts.a.weight']);
    expect(names([new Map([['a', { b: new Parameter(zeros([1], key)) }]])])).toEqual(['parts.0.a.b']);
    expect(names(Object.assign(Object.create(null) as object, { a: linear() }))).toEqual(['parts.a.weight']);
    expect([...new Holder({ act: new Relu() }).namedModules().keys()]).toEqual(['', 'parts.act']);
  });

  it('a module in the options too under the name of its own field', () => {
    class Composite extends Module {
      readonly encoder: Linear;
      constructor(readonly options: { readonly encoder: Linear }) {
        super();
        this.encoder = options.encoder;
      }
    }
    const model = new Composite({ encoder: linear() });
    expect([...model.stateDict().keys()]).toEqual(['encoder.weight']);
    expect([...model.namedModules().keys()]).toEqual(['', 'encoder']);
  });

  it('itself under the empty name, and a lifted child under its field', () => {
    class Lifting extends Module {
      static override readonly fieldNames = { inner: '' };
      readonly inner = linear();
    }
    const model = new Lifting();
    expect([...model.namedModules()]).toEqual([
      ['', model],
      ['inner', model.inner],
    ]);
    expect([...model.namedParameters().keys()]).toEqual(['weight']);
  });

  it('nothing in tensors, arrays of numbers, large data, circles and accessors', () => {
    const circle: Record<string, unknown> = { layer: linear() };
    circle['self'] = circle;
    const list: unknown[] = [circle];
    list.push(list);
    expect(names(list)).toEqual(['parts.0.layer.weight']);
    let chain: object = {};
    for (let i = 0; i < 1e5; i++) chain = { chain };
    const boobyTrap = {
      get value(): never {
        throw new TypeError('called');
      },
    };
    const data = { data: new Float32Array(1e7), shape: [1e7] };
    const words = Object.fromEntries(Array.from({ length: 1e5 }, (_, i) => [`word${i}`, i]));
    expect(names({ chain, boobyTrap, data, words, tensor: tf.scalar(1), when: new Date(), f: linear })).toEqual([]);
  });
});

describe('the tree refuses to lose', () => {
  class Stage {
    constructor(readonly conv: Linear) {}
  }
  it.each<[string, () => unknown, RegExp]>([
    ['a Set', () => new Set([linear()]), /parts must be .*Linear that would be neither trained nor saved/],
    ['a Map with other keys', () => new Map([[1, linear()]]), /Map with string keys/],
    ['an object of another class', () => new Stage(linear()), /or let Stage extend Module/],
    ['such an object deeper', () => ({ stages: [{ a: new Stage(linear()) }] }), /parts\.stages\.0\.a must be/],
    ['a parameter in a Set', () => [new Set([new Parameter(zeros([1], key))])], /parts\.0 must be.*Parameter/],
    [
      'a module of another copy',
      () =>
        new (class Other {
          namedParameters = (): void => undefined;
          loadStateDict = (): void => undefined;
        })(),
      /npm dedupe/,
    ],
  ])('%s', (_, parts, message) => {
    const model = new Holder(parts());
    for (const call of [() => model.namedParameters(), () => model.stateDict(), () => model.namedModules()]) {
      expect(call).toThrow(InvalidOptionError);
      expect(call).toThrow(message);
    }
  });

  it('and passes what it has elsewhere', () => {
    class Marked extends Module {
      readonly layers = [linear(), linear()];
      readonly frozen = new Set([this.layers[0]]);
      readonly rates = new Map([[this.layers[1], 0.1]]);
      readonly view = new Stage(this.layers[0]!);
    }
    expect([...new Marked().namedParameters().keys()]).toEqual(['layers.0.weight', 'layers.1.weight']);
  });
});
