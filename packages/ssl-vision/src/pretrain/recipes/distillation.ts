import { foldIn, InvalidOptionError } from '@selfsup/ssl-core';
import { maeViews } from '@selfsup/ssl-data';
import type { JsonValue } from '@selfsup/ssl-train';
import { Distillation, type DistillationOptions } from '../../methods/distillation/distillation.js';
import { written, writtenObject } from '../written.js';
import { encoderLine, headKey, oneGroup } from './around-encoder.js';
import { calledViews } from './called-views.js';
import type { Recipe } from './recipe.js';
import { convolutionalBackbone } from './usual-backbone.js';

/** What may be said of distillation; see `Distillation`. */
export type DistillationChoices = Omit<
  DistillationOptions,
  'backbone' | 'teacher' | 'key' | 'normalize' | 'size' | 'stage'
>;

/** Distillation of a teacher that is given: one view, cropped and mirrored, for both. */
export const distillation: Recipe<DistillationChoices> = {
  choices: {
    globalWeight: 'optionalNumber',
    patchWeight: 'optionalNumber',
    globalDistance: 'optional',
    patchDistance: 'optional',
    head: 'optional',
    hiddenDim: 'optionalNumber',
    targets: 'optional',
    targetMomentum: 'optionalNumber',
  },
  usualBackbone: convolutionalBackbone,
  teacher: true,
  // Forth and twice as much back, and the teacher's.
  passes: 4,
  learningRate: 1e-3,
  weightDecay: 0.01,
  views: ({ imageSize: size }) => calledViews('maeViews', maeViews, { size }),
  build: ({ encoder, options, key, normalize, teacher }) => {
    if (teacher === undefined) throw new InvalidOptionError('pretrain', 'teacher', 'given', teacher);
    const method = new Distillation({
      ...options,
      backbone: encoder(),
      key: foldIn(key, 'head'),
      normalize,
      teacher: teacher.teacher,
    });
    return { method, encoder: method.modules.backbone };
  },
  write: ({ architecture, options, normalize, teacher }) => {
    // A name that the teacher's lines do not have.
    const own = `normalize: ${written(normalize as unknown as JsonValue)}`;
    return {
      imports: [...new Set([architecture.builder, 'Distillation', ...(teacher?.imports ?? [])])],
      lines: [
        ...(teacher?.lines ?? []),
        encoderLine(architecture),
        `const method = new Distillation(${writtenObject('backbone, teacher', options, headKey, own)});`,
      ],
      encoder: 'backbone',
      groups: oneGroup,
    };
  },
};
