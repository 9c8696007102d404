import '@tensorflow/tfjs-backend-cpu';
import { readFileSync } from 'node:fs';
import { InvalidOptionError, randomKey } from '@selfsup/ssl-tensor';
import { describe, expect, it } from 'vitest';
import { expectBackboneGolden } from '../../../../test/golden/vision/expect-backbone.js';
import type { BackboneCase } from '../../../../test/golden/vision/expect-backbone.js';
import { SmallConvEncoder } from './small-conv-encoder.js';
import type { SmallConvOptions } from './small-conv-encoder.js';

const golden = JSON.parse(
  readFileSync(new URL('../../../../test/golden/vision/small-conv.json', import.meta.url), 'utf8'),
) as { cases: Record<string, BackboneCase> };

describe('SmallConvEncoder', () => {
  describe.each(['eager', 'compiled'] as const)('%s', (mode) => {
    it.each(Object.entries(golden.cases))('equals PyTorch: %s', async (_, expected) => {
      await expectBackboneGolden(
        new SmallConvEncoder({ ...(expected.options as Omit<SmallConvOptions, 'key'>), key: randomKey(0) }),
        expected,
        mode,
      );
    });
  });

  it('is by default the encoder of the reference run', () => {
    const encoder = new SmallConvEncoder({ key: randomKey(0) });
    expect(encoder.featureDim).toBe(256);
    expect([...encoder.namedParameters().keys()].filter((_, i) => i % 3 === 0)).toEqual([
      'n.0.weight',
      'n.3.weight',
      'n.6.weight',
      'n.9.weight',
    ]);
    expect(encoder.parameterCount()).toBe(9 * (32 + 32 * 64 + 64 * 128 + 128 * 256) + 2 * (32 + 64 + 128 + 256));
  });

  it('depends on its key alone', () => {
    const weights = (seed: number): unknown =>
      new SmallConvEncoder({ key: randomKey(seed), channels: [3, 4], strides: [1, 2] }).stateDict();
    expect(weights(1)).toEqual(weights(1));
    expect(weights(1)).not.toEqual(weights(2));
  });

  it('refuses channels and strides that do not fit', () => {
    expect(() => new SmallConvEncoder({ key: randomKey(0), channels: [8] })).toThrow(InvalidOptionError);
    expect(() => new SmallConvEncoder({ key: randomKey(0), channels: [0], strides: [1] })).toThrow(InvalidOptionError);
  });
});
