import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { type Layered, Linear, Module, Parameter, parametersOf } from '@selfsup/ssl-nn';
import { InvalidOptionError, ndArray, randomKey } from '@selfsup/ssl-tensor/host';
import '../../../../test/support/to-be-all-close.js';
import { AdamW } from './adam-w.js';
import { layerDecayGroups, type LayerDecayOptions } from './layer-decay-groups.js';
import { Sgd } from './sgd.js';

beforeAll(() => tf.setBackend('cpu'));

const key = randomKey(1);

/** Stem, blocks and a norm: layers 0, 1 to `depth`, `depth + 1`. */
class Stack extends Module implements Layered {
  readonly stem = new Parameter(ndArray(new Float32Array(4).fill(1), [2, 2]));
  readonly blocks: readonly Linear[];
  readonly norm = new Parameter(ndArray(new Float32Array(2).fill(1), [2]));

  constructor(readonly depth: number) {
    super();
    this.blocks = Array.from({ length: depth }, () => new Linear(2, 2, { key }));
  }

  get layerCount(): number {
    return this.depth + 2;
  }

  layerOf(name: string): number {
    if (name === 'stem') return 0;
    const block = /^blocks\.(\d+)\./.exec(name)?.[1];
    return block === undefined ? this.layerCount - 1 : Number(block) + 1;
  }
}

const scalesOf = (groups: ReturnType<typeof layerDecayGroups>): Record<string, number> =>
  Object.fromEntries(
    groups.flatMap((group) => [...group.parameters].map(([name]) => [name, group.learningRateScale!])),
  );

describe('layerDecayGroups', () => {
  it("has MAE's scales for twelve blocks at 0.75, whatever stands before the names", () => {
    const backbone = new Stack(12);
    const trainable = parametersOf({ backbone, head: new Linear(2, 3, { key }) });
    const groups = layerDecayGroups(trainable, backbone, { decay: 0.75 });
    // 0.75 ** (13 - i), as param_groups_lrd of facebookresearch/mae computes them.
    const expected = [
      0.023757264018058777, 0.03167635202407837, 0.04223513603210449, 0.056313514709472656, 0.07508468627929688,
      0.1001129150390625, 0.13348388671875, 0.177978515625, 0.2373046875, 0.31640625, 0.421875, 0.5625, 0.75, 1,
    ];
    expect(groups.map(({ learningRateScale }) => learningRateScale!)).toBeAllClose(expected, { rtol: 1e-12 });
    const scales = scalesOf(groups);
    expect(Object.keys(scales).toSorted()).toEqual([...trainable.keys()].toSorted());
    expect(scales['backbone.stem']).toBeCloseTo(expected[0]!, 12);
    expect(scales['backbone.blocks.0.weight']).toBeCloseTo(expected[1]!, 12);
    expect(scales['backbone.blocks.11.bias']).toBe(0.75);
    expect([scales['backbone.norm'], scales['head.weight'], scales['head.bias']]).toEqual([1, 1, 1]);
  });

  it('moves each layer by its share of the rate, and decays by the weight decay given', () => {
    const backbone = new Stack(1);
    const parameters = parametersOf({ backbone });
    const before = new Map([...parameters].map(([name, { variable }]) => [name, variable.dataSync().slice()]));
    const optimizer = new Sgd(layerDecayGroups(parameters, backbone, { decay: 0.5, weightDecay: 0.1 }));
    const gradients = [...parameters.values()].map(({ variable }) => [variable.name, tf.ones(variable.shape)] as const);
    optimizer.apply(Object.fromEntries(gradients), tf.scalar(0.2));
    const scales = { 'backbone.stem': 0.25, 'backbone.blocks.0.weight': 0.5, 'backbone.norm': 1 };
    for (const [name, scale] of Object.entries(scales)) {
      const expected = [...before.get(name)!].map((value) => value - 0.2 * scale * (1 + 0.1 * value));
      expect(parameters.get(name)!.variable.dataSync()).toBeAllClose(expected, { rtol: 1e-5, atol: 1e-6 });
    }
  });

  it('leaves out layers without parameters, and stops them at a decay of 0', () => {
    const backbone = new Stack(2);
    const some = [...parametersOf({ backbone })].filter(([name]) => !name.includes('blocks.0'));
    const groups = layerDecayGroups(some, backbone, { decay: 0 });
    expect(groups.map(({ learningRateScale }) => learningRateScale)).toEqual([0, 0, 1]);
    expect(groups.some((group) => 'weightDecay' in group)).toBe(false);
  });

  it('hands a name that comes twice on to the optimiser, which refuses it', () => {
    const backbone = new Stack(1);
    const twice = [...parametersOf({ backbone }), ...parametersOf({ backbone })];
    expect(() => new AdamW(layerDecayGroups(twice, backbone, { decay: 0.5 }))).toThrow(InvalidOptionError);
  });

  it.each([
    [{ decay: 1.5 }, 'decay'],
    [{ decay: -0.1 }, 'decay'],
    [{}, 'decay'],
    [{ decay: 0.5, weightDecay: -1 }, 'weightDecay'],
    [{ decay: 0.5, rate: 1 }, 'rate'],
  ])('refuses %o', (options, named) => {
    const backbone = new Stack(1);
    const make = () => layerDecayGroups(parametersOf({ backbone }), backbone, options as LayerDecayOptions);
    expect(make).toThrow(InvalidOptionError);
    expect(make).toThrow(named);
  });

  it('refuses another encoder, what has no layers and what are no parameters', () => {
    const backbone = new Stack(1);
    const parameters = parametersOf({ backbone });
    const options = { decay: 0.5 };
    expect(() => layerDecayGroups(parameters, new Stack(1), options)).toThrow('Give the encoder that is trained');
    expect(() => layerDecayGroups(parameters, new Linear(2, 2, { key }) as never, options)).toThrow('layerOf(name)');
    expect(() => layerDecayGroups([backbone.stem] as never, backbone, options)).toThrow('pairs of a name');
    expect(() => layerDecayGroups(undefined as never, backbone, options)).toThrow('a Map of parameters');
  });
});
