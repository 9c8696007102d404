import { InvalidOptionError } from '@selfsup/ssl-tensor/host';
import { describe, expect, it } from 'vitest';
import { prototypes } from '../../../../test/golden/losses/prototypes.js';
import '../../../../test/support/to-be-all-close.js';
import { teacherTemperature } from './teacher-temperature.js';

describe('teacherTemperature', () => {
  it.each(prototypes.teacherTemperature.map(({ options, values }) => [options, values] as const))(
    'of lightly: %j',
    (options, values) => {
      const schedule = teacherTemperature(options);
      expect(values.map((_, epoch) => schedule(epoch))).toBeAllClose(values, { rtol: 1e-6 });
    },
  );

  it('is a line between epochs, and constant without a warm-up', () => {
    const schedule = teacherTemperature({ warmupTemperature: 0.02, temperature: 0.06, warmupEpochs: 5 });
    expect([0.5, 3.5, 4, 4.5, 5, 100].map(schedule)).toBeAllClose([0.025, 0.055, 0.06, 0.06, 0.06, 0.06]);
    expect(teacherTemperature({ temperature: 0.07, warmupEpochs: 0 })(0)).toBe(0.07);
  });

  it('names what is wrong', () => {
    for (const options of [
      { warmupTemperature: 0 },
      { temperature: Infinity },
      { warmupEpochs: -1 },
      { warmupEpochs: 2.5 },
    ])
      expect(() => teacherTemperature(options)).toThrow(InvalidOptionError);
  });
});
