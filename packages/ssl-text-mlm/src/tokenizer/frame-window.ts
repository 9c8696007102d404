import type { Frame, FramePart } from './frame.js';
import type { PlacedTokens } from './placed-tokens.js';
import type { Span } from './split-text.js';
import type { EncodedText } from './text-tokenizer.js';

/**
 * A window over one or two texts with what is put around them.
 *
 * @param tokens of the texts
 * @param spans which of their tokens are in the window
 * @param trim whether white space at the ends of tokens counts to their places
 */
export function frameWindow(
  frame: readonly FramePart[],
  tokens: readonly PlacedTokens[],
  spans: readonly Span[],
  trim: Frame['trim'],
): EncodedText {
  const length = frame.reduce(
    (sum, part) => sum + ('id' in part ? 1 : spans[part.sequence]!.end - spans[part.sequence]!.start),
    0,
  );
  const ids = new Int32Array(length);
  const typeIds = new Int32Array(length);
  const offsets = new Int32Array(2 * length);
  const sequences = new Int8Array(length).fill(-1);
  let at = 0;
  for (const part of frame) {
    if ('id' in part) {
      ids[at] = part.id;
      typeIds[at++] = part.typeId;
      continue;
    }
    const { start, end } = spans[part.sequence]!;
    const from = tokens[part.sequence]!;
    for (let token = start; token < end; token++) {
      ids[at] = from.ids[token]!;
      typeIds[at] = part.typeId;
      sequences[at] = part.sequence;
      const place = trim === undefined ? placeOf(from, token) : trimmed(from, token, token === start, trim);
      offsets.set(place, 2 * at++);
    }
  }
  return { ids, typeIds, offsets, sequences };
}

const placeOf = ({ offsets }: PlacedTokens, token: number): [number, number] => [
  offsets[2 * token]!,
  offsets[2 * token + 1]!,
];

/** Source: `process_offsets` of Hugging Face `tokenizers`, which knows of the space before a text by its being one alone. */
function trimmed(
  from: PlacedTokens,
  token: number,
  opens: boolean,
  { addPrefixSpace }: NonNullable<Frame['trim']>,
): [number, number] {
  let [start, end] = placeOf(from, token);
  const trailing = from.spaces[2 * token + 1]!;
  const isPut = (opens || start === 0) && addPrefixSpace && from.oneSpace[token]!;
  if (!isPut) start = Math.min(start + from.spaces[2 * token]!, end);
  if (trailing > 0 && end >= trailing) end = Math.max(end - trailing, start);
  return [start, end];
}
