import { InvalidOptionError, ndArray, ShapeError } from 'ssl-tensor/host';
import { type Image, imageSize } from './image.js';

const { fround } = Math;

/**
 * Turns the colour wheel; a grey image stays.
 *
 * Hue, saturation and value are rounded to 8 bits in between, as in the reference.
 *
 * @param image `[h, w, 1 or 3]`
 * @param turn part of a full turn, -0.5..0.5; 0 = unchanged up to rounding
 * @returns the same shape
 * Source: torchvision's `adjust_hue` on PIL images, Pillow's `Convert.c` (`rgb2hsv`, `hsv2rgb`).
 */
export function adjustHue(image: Image, turn: number): Image {
  if (!(turn >= -0.5 && turn <= 0.5)) throw new InvalidOptionError('adjustHue', 'turn', 'between -0.5 and 0.5', turn);
  const channels = imageSize(image, 'adjustHue')[2];
  if (channels === 1) return image;
  if (channels !== 3)
    throw new ShapeError('adjustHue', 'image', '[height, width, 1 or 3]', `[${image.shape.join(', ')}]`);
  const { data } = image;
  const out = new Uint8Array(data.length);
  const shift = Math.trunc(turn * 255);
  for (let i = 0; i < data.length; i += 3) {
    const red = data[i]!;
    const green = data[i + 1]!;
    const blue = data[i + 2]!;
    const value = red > green ? (red > blue ? red : blue) : green > blue ? green : blue;
    const least = red < green ? (red < blue ? red : blue) : green < blue ? green : blue;
    let hue = 0;
    let saturation = 0;
    if (value !== least) {
      const range = value - least;
      // Single precision where the reference has it: a hue that falls on the other side of an integer moves colours visibly.
      const byRed = fround((value - red) / range);
      const byGreen = fround((value - green) / range);
      const byBlue = fround((value - blue) / range);
      const sector = fround(
        red === value ? byBlue - byGreen : green === value ? 2 + byRed - byBlue : 4 + byGreen - byRed,
      );
      const turned = sector / 6 + 1;
      hue = (fround(turned >= 1 ? turned - 1 : turned) * 255) | 0;
      saturation = (fround(range / value) * 255) | 0;
    }
    hue = (hue + shift) & 255;
    if (saturation === 0) {
      out[i] = value;
      out[i + 1] = value;
      out[i + 2] = value;
      continue;
    }
    const scaled = (hue * 6) / 255;
    const sextant = scaled | 0;
    const rest = fround(scaled - sextant);
    const share = fround(saturation / 255);
    const p = (value * (1 - share) + 0.5) | 0;
    const q = (value * (1 - share * rest) + 0.5) | 0;
    const t = (value * (1 - share * (1 - rest)) + 0.5) | 0;
    out[i] = sextant === 1 ? q : sextant === 2 || sextant === 3 ? p : sextant === 4 ? t : value;
    out[i + 1] = sextant === 0 || sextant === 6 ? t : sextant === 1 || sextant === 2 ? value : sextant === 3 ? q : p;
    out[i + 2] = sextant === 2 ? t : sextant === 3 || sextant === 4 ? value : sextant === 5 ? q : p;
  }
  return ndArray(out, image.shape);
}
