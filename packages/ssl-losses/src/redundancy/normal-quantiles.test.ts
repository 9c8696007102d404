import { expect, it } from 'vitest';
import '../../../../test/support/to-be-all-close.js';
import { normalQuantiles } from './normal-quantiles.js';

it('normalQuantiles are those of the tables', () => {
  expect(normalQuantiles(1)).toBeAllClose([0], { atol: 0 });
  expect(normalQuantiles(3)).toBeAllClose([-0.6744897501960817, 0, 0.6744897501960817], { rtol: 1e-13 });
  const many = normalQuantiles(999);
  expect(many[974]!).toBeAllClose(1.959963984540054, { rtol: 1e-12, atol: 0 });
  expect(many[0]!).toBeAllClose(-3.090232306167813, { rtol: 1e-12, atol: 0 });
  expect(normalQuantiles(999_999)[0]!).toBeAllClose(-4.753424308822899, { rtol: 1e-11, atol: 0 });
  expect([...many].every((x, i) => i === 0 || x > many[i - 1]!)).toBe(true);
});
