import { describe, expect, it } from 'vitest';
import { chooseArchitecture } from './encoder-architecture.js';
import { chooseSettings } from './choose-settings.js';

const photos = { count: 700, channels: 3, side: 480, normalize: { mean: [0.5, 0.5, 0.5], std: [0.2, 0.2, 0.2] } };
const given = { data: 'photos', out: 'run', method: 'simclr' } as const;

describe('chooseSettings', () => {
  it('chooses by the pictures and the cores, and says why of each that was not given', () => {
    const { settings, reasons } = chooseSettings({ ...given, batchSize: 64 }, photos, undefined, 2);
    expect(settings).toMatchObject({
      imageSize: 64,
      backbone: 'resnet18',
      batchSize: 64,
      epochs: 100,
      warmupSteps: 100,
    });
    expect(settings.learningRate).toBeCloseTo(1e-3 / Math.SQRT2, 12);
    expect(Object.keys(reasons).toSorted()).toEqual([
      'backbone',
      'epochs',
      'imageSize',
      'learningRate',
      'normalize',
      'views',
      'weightDecay',
    ]);
    expect(reasons['imageSize']).toMatch(/480 pixels, and 2 cores .* 64/);
    // All of it is JSON.
    expect(JSON.parse(JSON.stringify(settings))).toEqual(settings);
  });

  it('has larger pictures and longer runs on more cores', () => {
    const many = { ...photos, count: 60_000 };
    const on = (cores: number) => {
      const { imageSize, epochs } = chooseSettings(given, many, undefined, cores).settings;
      return [imageSize, epochs];
    };
    expect([2, 8, 16].map(on)).toEqual([
      [64, 10],
      [96, 10],
      [128, 18],
    ]);
  });

  it.each([16, 30, 63, 70, 76, 90, 480])('chooses a side of pictures of %i pixels that patches fit', (side) => {
    for (const cores of [2, 8, 16])
      for (const method of ['simclr', 'mae'] as const) {
        const { settings } = chooseSettings(
          { ...given, method, backbone: 'vit-tiny' },
          { ...photos, side },
          undefined,
          cores,
        );
        expect(() => chooseArchitecture('vit-tiny', method, settings.imageSize, 3)).not.toThrow();
      }
  });

  it('keeps the choices of a run that goes on, whatever the machine, but not over what is given', () => {
    const first = chooseSettings(given, photos, undefined, 2).settings;
    const standing = { settings: { ...first, batchSize: 32 }, why: 'of the run that goes on' };
    const { settings, reasons } = chooseSettings({ ...given, epochs: 5 }, photos, standing, 16);
    expect(settings).toMatchObject({ imageSize: 64, batchSize: 32, epochs: 5, learningRate: first.learningRate });
    expect([reasons['batchSize'], reasons['epochs']]).toEqual(['of the run that goes on', undefined]);
  });

  it('takes statistics as one number or one for each channel, and no other', () => {
    const of = (mean: number | number[]) =>
      chooseSettings({ ...given, normalize: { mean, std: 0.25 } }, photos).settings;
    expect(of(0.5).normalize).toEqual({ mean: [0.5, 0.5, 0.5], std: [0.25, 0.25, 0.25] });
    expect(() => of([0.5, 0.4])).toThrow(/normalize.mean .*one number, or 3/);
  });
});
