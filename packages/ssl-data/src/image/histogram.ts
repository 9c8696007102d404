import { type Image, imageSize } from './image.js';

/** How many pixels have each value. @param image `[h, w, c]` @returns `[c * 256]`, channel after channel */
export function histogram(image: Image): Uint32Array {
  const channels = imageSize(image, 'histogram')[2];
  const { data } = image;
  const counts = new Uint32Array(channels * 256);
  for (let i = 0; i < data.length; i += channels)
    for (let channel = 0; channel < channels; channel++) counts[channel * 256 + data[i + channel]!]!++;
  return counts;
}
