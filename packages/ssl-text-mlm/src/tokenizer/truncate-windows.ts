import { InvalidOptionError } from '@selfsup/ssl-tensor/host';
import type { Span } from './split-text.js';
import type { PairTruncation } from './text-tokenizer.js';

/**
 * How much of a text of `length` tokens is kept where `room` is left for it and a second one of `other` tokens, `longest`
 * first. Source: `truncate_encodings` of Hugging Face `tokenizers`.
 *
 * @returns tokens of the first and of the second text
 */
export function sharedRoom(length: number, other: number, room: number): [number, number] {
  if (length + other <= room) return [length, other];
  const swaps = length > other;
  const shorter = Math.min(length, other);
  let kept: [number, number] = [shorter, shorter > room ? shorter : Math.max(shorter, room - shorter)];
  if (kept[0] + kept[1] > room) kept = [Math.floor(room / 2), Math.floor(room / 2) + (room % 2)];
  return swaps ? [kept[1], kept[0]] : kept;
}

/** Windows of `most` tokens over a text; each begins `stride` tokens before the one before ends. */
export function windows(length: number, most: number, stride: number): Span[] {
  if (length <= most) return [{ start: 0, end: length }];
  const spans: Span[] = [];
  for (let start = 0; spans.at(-1)?.end !== length; start += most - stride)
    spans.push({ start, end: Math.min(start + most, length) });
  return spans;
}

/** What is asked of the windows over two texts. */
export interface WindowOptions {
  /** Tokens that fit, without the frame. */
  readonly room: number;
  readonly truncate: PairTruncation;
  /** Undefined: the first window only. */
  readonly stride: number | undefined;
}

/**
 * The windows over two texts; of one text the second has no tokens.
 *
 * @throws InvalidOptionError where nothing is left of the text that is to be cut, or the stride leaves no step
 */
export function pairWindows(
  where: string,
  [first, second]: readonly [number, number | undefined],
  { room, truncate, stride }: WindowOptions,
): { readonly first: Span; readonly second: Span }[] {
  const total = first + (second ?? 0);
  const whole = (length: number): Span => ({ start: 0, end: length });
  if (total <= room) return [{ first: whole(first), second: whole(second ?? 0) }];
  if (second !== undefined && truncate === 'longest') {
    const [one, two] = sharedRoom(first, second, room);
    return [{ first: whole(one), second: whole(two) }];
  }
  const cutsFirst = second === undefined || truncate === 'first';
  const most = room - (cutsFirst ? (second ?? 0) : first);
  if (most < 1)
    throw new InvalidOptionError(
      where,
      'maxLength',
      `room for a token of the ${cutsFirst ? 'first' : 'second'} text, which alone is cut (shorten the other text, or write truncate: 'longest')`,
      `${most} left`,
    );
  if (stride !== undefined && stride >= most)
    throw new InvalidOptionError(where, 'stride', `below ${most}, the tokens of a window`, stride);
  const spans = stride === undefined ? [whole(most)] : windows(cutsFirst ? first : second, most, stride);
  return spans.map((span) =>
    cutsFirst ? { first: span, second: whole(second ?? 0) } : { first: whole(first), second: span },
  );
}
