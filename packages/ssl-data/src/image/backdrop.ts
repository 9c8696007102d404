import type { ImageDecoding } from './image-decoding.js';

const colours = { white: [255, 255, 255], black: [0, 0, 0] } as const;

/** Defaults of {@link ImageDecoding} for transparency: what browsers and viewers show such pictures on. */
export const defaultBackground = 'white';

/** Pixels of files that were not opaque all over. */
const transparent = new WeakSet<Uint8Array>();

/** Remembers that pixels come of a picture that was not opaque all over. */
export function noteTransparent(pixels: Uint8Array): void {
  transparent.add(pixels);
}

/** Whether pixels that `decodeImage` gave come of a picture that was not opaque all over. */
export function wasTransparent(pixels: Uint8Array): boolean {
  return transparent.has(pixels);
}

/** What lies below one picture: transparent pixels are blended over it, or left as the file holds them. */
export class Backdrop {
  readonly #colour: readonly [red: number, green: number, blue: number] | undefined;
  #isSeen = false;

  constructor(background: ImageDecoding['background'] = defaultBackground) {
    this.#colour =
      background === 'drop' ? undefined : typeof background === 'string' ? colours[background] : background;
  }

  /** Whether there is a background: without one the levels are taken as the file holds them. */
  get blends(): boolean {
    return this.#colour !== undefined;
  }

  /** Whether any pixel was not opaque. */
  get isSeen(): boolean {
    return this.#isSeen;
  }

  /**
   * Blends one pixel in its place: `share * level + (1 - share) * background`, rounded.
   *
   * @param pixels RGB
   * @param at place of its red
   * @param share 0 = transparent, 1 = opaque; NaN is 0
   */
  blend(pixels: Uint8Array, at: number, share: number): void {
    if (share >= 1) return;
    this.#isSeen = true;
    const colour = this.#colour;
    if (colour === undefined) return;
    const part = share > 0 ? share : 0;
    for (let channel = 0; channel < 3; channel++) {
      const below = colour[channel]!;
      pixels[at + channel] = Math.round(below + part * (pixels[at + channel]! - below));
    }
  }

  /**
   * RGB out of pixels with more samples.
   *
   * @param samples levels, `step` for each pixel, the first three of them red, green and blue
   * @param alphaAt place of alpha among a pixel's samples, if there is one
   */
  rgbOf(samples: Uint8Array, step: number, alphaAt: number | undefined): Uint8Array {
    const pixels = new Uint8Array((samples.length / step) * 3);
    for (let from = 0, to = 0; to < pixels.length; from += step, to += 3) {
      pixels[to] = samples[from]!;
      pixels[to + 1] = samples[from + 1]!;
      pixels[to + 2] = samples[from + 2]!;
      if (alphaAt !== undefined && samples[from + alphaAt]! < 255)
        this.blend(pixels, to, samples[from + alphaAt]! / 255);
    }
    return pixels;
  }
}
