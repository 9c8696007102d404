import { readFileSync } from 'node:fs';
import { InvalidOptionError } from '@selfsup/ssl-tensor';
import { describe, expect, it } from 'vitest';
import { sinCosPositions } from './sin-cos-positions.js';

const { positions } = JSON.parse(
  readFileSync(new URL('../../../../../test/golden/vision/mae.json', import.meta.url), 'utf8'),
) as { positions: { dim: number; rows: number; columns: number; values: number[] } };

describe('sinCosPositions', () => {
  it('equals the reference, on a grid that is not square', () => {
    const { data, shape } = sinCosPositions(positions.dim, positions.rows, positions.columns);
    expect(shape).toEqual([1, 16, 12]);
    positions.values.forEach((value, i) => expect(data[i], `value ${i}`).toBeCloseTo(value, 6));
  });

  it('refuses widths that do not split into four', () => {
    expect(() => sinCosPositions(6, 2, 2)).toThrow(InvalidOptionError);
  });
});
