/**
 * A number of channels that is a multiple of 8, at least 8, and no more than a tenth below `channels`.
 *
 * Source: `_make_divisible` of torchvision.
 */
export function makeDivisible(channels: number): number {
  const nearest = Math.max(8, Math.floor((channels + 4) / 8) * 8);
  return nearest < 0.9 * channels ? nearest + 8 : nearest;
}
