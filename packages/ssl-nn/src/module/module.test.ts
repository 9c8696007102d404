import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { CheckpointError, InvalidOptionError, randomKey } from '@selfsup/ssl-tensor/host';
import { describe, expect, it } from 'vitest';
import '../../../../test/support/to-be-all-close.js';
import { BatchNorm, Linear, Module, Parameter, withoutPrefix, withPrefix, zeros, type StateDict } from '../index.js';

const key = randomKey(5);

class Block extends Module {
  static override readonly fieldNames: Readonly<Record<string, string>> = { inner: 'attention.self' };
  readonly inner = new Linear(2, 3, { key });
  readonly norm = new BatchNorm(3);
}

class Tied extends Module {
  static override readonly fieldNames = { blocks: 'encoder.layer', lifted: '' };
  readonly embed = new Linear(2, 2, { key, bias: false });
  readonly blocks = [new Block(), new Block()];
  readonly decoder: Linear;
  readonly lifted = [new Parameter(zeros([2], key))];
  readonly sizes = [1, 2];
  readonly absent?: Parameter;
  readonly #hidden = new Parameter(zeros([7], key));

  constructor() {
    super();
    this.decoder = new Linear(2, 2, { key });
    (this.decoder as { weight: Parameter }).weight = this.embed.weight;
  }

  get hidden(): Parameter {
    return this.#hidden;
  }
}

const errorOf = (body: () => unknown): CheckpointError => {
  try {
    body();
  } catch (error) {
    if (CheckpointError.isInstance(error)) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
};

describe('Module', () => {
  it('names parameters, buffers and modules after fields, arrays and fieldNames', () => {
    const net = new Tied();
    expect([...net.namedParameters().keys()]).toEqual([
      'embed.weight',
      ...[0, 1].flatMap((i) =>
        ['attention.self.weight', 'attention.self.bias', 'norm.weight', 'norm.bias'].map(
          (name) => `encoder.layer.${i}.${name}`,
        ),
      ),
      'decoder.bias',
      '0',
    ]);
    expect([...net.namedBuffers().keys()]).toEqual(
      [0, 1].flatMap((i) =>
        ['running_mean', 'running_var', 'num_batches_tracked'].map((name) => `encoder.layer.${i}.norm.${name}`),
      ),
    );
    expect([...net.namedModules().keys()]).toEqual([
      '',
      'embed',
      ...[0, 1].flatMap((i) => [`encoder.layer.${i}`, `encoder.layer.${i}.attention.self`, `encoder.layer.${i}.norm`]),
      'decoder',
    ]);
    expect(net.parameterCount()).toBe(4 + 2 * (6 + 3 + 3 + 3) + 2 + 2);
    net.dispose();
  });

  it('adds the names of a subclass to those of its base', () => {
    class Wider extends Block {
      static override readonly fieldNames = { extra: 'out_proj' };
      readonly extra = new Linear(1, 1, { key, bias: false });
    }
    expect([...new Wider().namedParameters().keys()]).toContain('attention.self.weight');
    expect([...new Wider().namedParameters().keys()]).toContain('out_proj.weight');
  });

  it('refuses two tensors under one name', () => {
    class Clash extends Module {
      static override readonly fieldNames = { b: 'a' };
      readonly a = new Parameter(zeros([1], key));
      readonly b = new Parameter(zeros([1], key));
    }
    expect(() => new Clash().namedParameters()).toThrow(InvalidOptionError);
  });

  it('two models share no variable name, and dispose frees all', () => {
    const before = tf.memory().numTensors;
    const [a, b] = [new Tied(), new Tied()];
    const names = [a, b].flatMap((net) =>
      [...net.namedParameters().values(), ...net.namedBuffers().values()].map(({ variable }) => variable.name),
    );
    expect(new Set(names).size).toBe(names.length);
    for (const net of [a, b]) {
      net.hidden.dispose();
      net.dispose();
    }
    // The decoders' own weights, replaced by the tied ones, are what remains.
    expect(tf.memory().numTensors - before).toBe(2);
  });
});

describe('state dicts', () => {
  it('hold the reference layout and survive a round trip', () => {
    const [a, b] = [new Tied(), new Tied()];
    a.blocks[0]!.inner.weight.variable.assign(
      tf.tensor2d([
        [1, 2, 3],
        [4, 5, 6],
      ]),
    );
    const state = a.stateDict();
    expect(state.get('encoder.layer.0.attention.self.weight')!).toBeAllClose([
      [1, 4],
      [2, 5],
      [3, 6],
    ]);
    expect(b.loadStateDict(state)).toMatchObject({ missing: [], unexpected: [], ignored: new Map() });
    expect(b.blocks[0]!.inner.weight.variable).toBeAllClose([
      [1, 2, 3],
      [4, 5, 6],
    ]);
    expect(b.stateDict()).toEqual(state);
  });

  it('are copies: neither training nor the caller changes the other', () => {
    const net = new Linear(1, 1, { key });
    const state = net.stateDict();
    const kept = state.get('bias')!.data[0]!;
    net.bias!.variable.assign(tf.tensor1d([9]));
    expect(state.get('bias')!.data[0]).toBe(kept);
    net.loadStateDict(state);
    state.get('bias')!.data[0] = 5;
    expect(net.bias!.variable.dataSync()[0]).toBe(kept);
  });

  it('of tied weights hold the first name and accept any', () => {
    const net = new Tied();
    const state = net.stateDict();
    expect(state.has('embed.weight')).toBe(true);
    expect(state.has('decoder.weight')).toBe(false);
    state.delete('embed.weight');
    state.set('decoder.weight', { data: Float32Array.of(1, 2, 3, 4), shape: [2, 2] });
    net.loadStateDict(state);
    expect(net.embed.weight.variable).toBeAllClose([
      [1, 3],
      [2, 4],
    ]);
  });

  it('of tied weights with two values are refused, also when not strict', () => {
    const net = new Tied();
    const state = net.stateDict();
    const { data, shape } = state.get('embed.weight')!;
    state.set('decoder.weight', { data: data.slice(), shape });
    expect(net.loadStateDict(state)).toMatchObject({ missing: [], unexpected: [], ignored: new Map() });
    const other = data.slice();
    other[3] = Number.NaN;
    state.set('decoder.weight', { data: other, shape });
    const error = errorOf(() => net.loadStateDict(state, { strict: false }));
    expect(error.message).toMatch(/'embed.weight' and 'decoder.weight' have different values .*Delete one/);
    expect(error.parameter).toBe('decoder.weight');
    state.delete('decoder.weight');
    expect(() => net.loadStateDict(state)).not.toThrow();
  });

  const broken = (change: (state: StateDict) => void): (() => unknown) => {
    const net = new Tied();
    const state = net.stateDict();
    change(state);
    return () => net.loadStateDict(state);
  };

  it('that miss or add names are refused by name, with the way out', () => {
    const error = errorOf(
      broken((state) => {
        state.delete('decoder.bias');
        state.set('classifier.weight', { data: new Float32Array(1), shape: [1] });
      }),
    );
    expect(error.message).toMatch(
      /^Tied: the state dict does not fit: missing 'decoder.bias'; unexpected 'classifier.weight'.*strict: false/,
    );
    expect(error.parameter).toBe('decoder.bias');
  });

  it('load by name when not strict, and say what did not meet', () => {
    const net = new Tied();
    const result = net.loadStateDict(
      new Map([
        ['decoder.bias', { data: Float32Array.of(3, 4), shape: [2] }],
        ['other', { data: new Float32Array(1), shape: [1] }],
      ]),
      { strict: false },
    );
    expect(net.decoder.bias!.variable).toBeAllClose([3, 4]);
    expect(result.unexpected).toEqual(['other']);
    expect(result.missing).toContain('embed.weight');
  });

  it('of wrong shape or type are refused even when not strict, and change nothing', () => {
    const net = new Tied();
    const before = net.stateDict();
    const wrong: StateDict = new Map([
      ['embed.weight', { data: new Float32Array(4), shape: [2, 2] }],
      ['decoder.bias', { data: new Float32Array(3), shape: [3] }],
    ]);
    const error = errorOf(() => net.loadStateDict(wrong, { strict: false }));
    expect(error.message).toContain("'decoder.bias' has shape [3], the model wants [2]");
    expect(error.parameter).toBe('decoder.bias');
    expect(net.stateDict()).toEqual(before);
    expect(
      errorOf(() =>
        net.loadStateDict(new Map([['decoder.bias', { data: new Int32Array(2), shape: [2] }]]), { strict: false }),
      ).message,
    ).toContain('holds integers, the model wants float32');
    expect(
      errorOf(() =>
        net.loadStateDict(
          new Map([['encoder.layer.0.attention.self.weight', { data: new Float32Array(6), shape: [2, 3] }]]),
          { strict: false },
        ),
      ).message,
    ).toContain('has shape [2, 3], the model wants [3, 2]');
  });

  it('are renamed by prefix', () => {
    const state: StateDict = new Map([['a', { data: new Float32Array(1), shape: [1] }]]);
    expect(withoutPrefix(withPrefix(state, 'backbone.'), 'backbone.')).toEqual(state);
    expect(withoutPrefix(state, 'backbone.').size).toBe(0);
  });
});
