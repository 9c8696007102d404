import '@tensorflow/tfjs-backend-cpu';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { shapesOnly, summary } from '@selfsup/ssl-nn';
import type { Encoder } from '@selfsup/ssl-nn';
import { randomKey } from '@selfsup/ssl-tensor';
import { describe, expect, it } from 'vitest';
import { referenceShapes } from '../../../../test/golden/vision/expect-backbone.js';
import {
  r3d18,
  resnet3d10,
  resnet3d18,
  resnet3d34,
  resnet3d50,
  vit3dBase,
  vit3dSmall,
  vit3dTiny,
  type Volumes,
} from '../index.js';

interface Size {
  /** `[depth, height, width, channels]` */
  readonly shape: number[];
  readonly parameters: number;
  /** Of those, what no pass reads: buffers of ours. */
  readonly unused: number;
  readonly multiplyAdds: number;
  readonly featureDim: number;
  readonly entries: number;
  /** SHA-256 of names and shapes. */
  readonly names: string;
}

const file = new URL('../../../../test/golden/vision/volumes.json', import.meta.url);
const { models } = JSON.parse(readFileSync(file, 'utf8')) as { models: Record<string, Size> };
const key = randomKey(0);
const builders: Record<string, () => Encoder<Volumes>> = {
  resnet3d10: () => resnet3d10({ key }),
  resnet3d18: () => resnet3d18({ key }),
  resnet3d34: () => resnet3d34({ key }),
  resnet3d50: () => resnet3d50({ key }),
  r3d18: () => r3d18({ key }),
  vit3dTiny: () => vit3dTiny({ key }),
  vit3dSmall: () => vit3dSmall({ key }),
  vit3dBase: () => vit3dBase({ key }),
};

/** torchvision's name of an entry that is saved under MONAI's. */
const ofTorchvision = (name: string): string =>
  name
    .replace(/^conv1\./, 'stem.0.')
    .replace(/^bn1\./, 'stem.1.')
    .replace(/\.conv(\d)\./, '.conv$1.0.')
    .replace(/\.bn(\d)\./, '.conv$1.1.');

describe('encoders of volumes at their real sizes', () => {
  it('are all compared', () => expect(Object.keys(builders).sort()).toEqual(Object.keys(models).sort()));

  it.each(Object.entries(builders))(
    '%s has the names, shapes, parameters and multiply-adds of the reference',
    async (name, build) => {
      const expected = models[name]!;
      const encoder = shapesOnly(build);
      const shapes = referenceShapes(encoder);
      const { featureDim } = encoder;
      const { parameters, multiplyAdds } = await summary(encoder, [1, ...expected.shape]);
      encoder.dispose();
      const lines = Object.entries(shapes).map(
        ([entry, shape]) => `${name === 'r3d18' ? ofTorchvision(entry) : entry} [${shape.join(', ')}]\n`,
      );
      const names = createHash('sha256').update(lines.toSorted().join('')).digest('hex');
      expect({ entries: lines.length, names, parameters, multiplyAdds, featureDim }).toEqual({
        entries: expected.entries,
        names: expected.names,
        parameters: expected.parameters - expected.unused,
        multiplyAdds: expected.multiplyAdds,
        featureDim: expected.featureDim,
      });
    },
  );
});
