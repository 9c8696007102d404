import * as tf from '@tensorflow/tfjs-core';
import { ndArray } from '@selfsup/ssl-core';
import type { ColorJitterOptions, ColorJitterParameters } from '../views/color-jitter.js';
import type { BatchedStep } from './batched-step.js';
import { lumaOf } from './luma-of.js';
import { perImage, spread } from './per-image.js';
import { turnHue } from './turn-hue.js';
import { wholeQuotient } from './whole-quotient.js';

const [contrast, saturation, hue] = [1, 2, 3];

/**
 * Colour jitter with every image's own order.
 *
 * Brightness, contrast and saturation blend with black, with the mean grey and with the grey image: one blend with a
 * chosen partner. The order so becomes a choice of partners; the costly turn of the hue is computed once, between as many
 * blends as may come before it and as many as may come after, those too many being neutral.
 */
export function jitterStep(options: ColorJitterOptions): BatchedStep<ColorJitterParameters> {
  const { brightness: b, contrast: c, saturation: s, hue: h } = options;
  const used = [b, c, s, h].map((range) => range !== undefined && range !== 0);
  const blends = used.slice(0, hue).filter(Boolean).length;
  const slots = used[hue] === true ? 2 * blends : blends;

  return {
    pack: (drawn) => {
      const shape = [drawn.length, slots];
      const factor = new Float32Array(drawn.length * slots).fill(1);
      const ofMean = new Float32Array(factor.length);
      const ofLuma = new Float32Array(factor.length);
      drawn.forEach((draw, image) => {
        if (draw === undefined) return;
        let slot = image * slots;
        for (const which of draw.applied.order) {
          if (used[which] !== true) continue;
          if (which === hue) {
            slot = image * slots + blends;
            continue;
          }
          factor[slot] = draw.applied.values[which]!;
          ofMean[slot] = Number(which === contrast);
          ofLuma[slot] = Number(which === saturation);
          slot++;
        }
      });
      return {
        factor: ndArray(factor, shape),
        ofMean: ndArray(ofMean, shape),
        ofLuma: ndArray(ofLuma, shape),
        shift: perImage(drawn, (draw) => Math.trunc((draw?.applied.values[hue] ?? 0) * 255)),
        turned: perImage(drawn, (draw) => Number(draw !== undefined)),
      };
    },

    apply: (planes, { factor, ofMean, ofLuma, shift, turned }) => {
      const column = (values: tf.Tensor, slot: number): tf.Tensor4D =>
        spread(tf.slice(values, [0, slot], [values.shape[0]!, 1]));
      const blend = (to: tf.Tensor4D, slot: number): tf.Tensor4D => {
        let from: tf.Tensor | undefined;
        if (used[contrast] === true || used[saturation] === true) {
          const luma = lumaOf(to);
          if (used[contrast] === true) from = tf.mul(meanOf(luma), column(ofMean!, slot));
          if (used[saturation] === true) {
            const grey = tf.mul(luma, column(ofLuma!, slot));
            from = from === undefined ? grey : tf.add(from, grey);
          }
        }
        const share = column(factor!, slot);
        const value: tf.Tensor4D =
          from === undefined ? tf.mul(share, to) : tf.add(from, tf.mul(share, tf.sub(to, from)));
        return tf.floor(tf.clipByValue(value, 0, 255));
      };
      let result = planes;
      for (let slot = 0; slot < blends; slot++) result = blend(result, slot);
      if (used[hue] !== true) return result;
      if (planes.shape[2] === 3)
        result = tf.where(tf.greater(spread(turned!), 0.5), turnHue(result, spread(shift!)), result);
      for (let slot = blends; slot < slots; slot++) result = blend(result, slot);
      return result;
    },
  };
}

/** Mean over the image, rounded half up: `[batch, height, 1, width] -> [batch, 1, 1, 1]`; exact up to 65,536 pixels. */
function meanOf(luma: tf.Tensor4D): tf.Tensor4D {
  const pixels = luma.shape[1] * luma.shape[3];
  const total: tf.Tensor4D = tf.sum(luma, [1, 2, 3], true);
  return wholeQuotient(tf.add(total, Math.floor(pixels / 2)), pixels);
}
