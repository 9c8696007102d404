/** What becomes of the places where a text is split; the names are those of `tokenizer.json`. */
export type SplitBehavior = 'Removed' | 'Isolated' | 'MergedWithPrevious' | 'MergedWithNext' | 'Contiguous';

export const splitBehaviors: readonly SplitBehavior[] = [
  'Removed',
  'Isolated',
  'MergedWithPrevious',
  'MergedWithNext',
  'Contiguous',
];

/** Code units from `start` to before `end`. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** A part of a text, and whether it is one of the places where it is split. */
export interface Part extends Span {
  readonly match: boolean;
}

/** Parts of a text where single characters are the places. */
export function partsByCharacter(text: string, matches: (codePoint: number) => boolean): Part[] {
  const parts: Part[] = [];
  let done = 0;
  let at = 0;
  for (const character of text) {
    const start = at;
    at += character.length;
    if (!matches(character.codePointAt(0)!)) continue;
    if (done < start) parts.push({ start: done, end: start, match: false });
    parts.push({ start, end: at, match: true });
    done = at;
  }
  if (done < at) parts.push({ start: done, end: at, match: false });
  return parts;
}

/** Parts of a text where the places are what a global expression finds. */
export function partsByExpression(text: string, expression: RegExp): Part[] {
  const parts: Part[] = [];
  let done = 0;
  for (const found of text.matchAll(expression)) {
    const end = found.index + found[0].length;
    if (found.index > done) parts.push({ start: done, end: found.index, match: false });
    if (found[0] !== '') parts.push({ start: found.index, end, match: true });
    done = end;
  }
  if (done < text.length) parts.push({ start: done, end: text.length, match: false });
  return parts;
}

/** Joins and removes parts. Source: `NormalizedString::split` of Hugging Face `tokenizers`. */
export function joinParts(parts: readonly Part[], behavior: SplitBehavior): Span[] {
  switch (behavior) {
    case 'Removed':
      return parts.filter((part) => !part.match);
    case 'Isolated':
      return [...parts];
    case 'Contiguous':
      return merge(parts, (part, previous) => part.match === previous?.match);
    case 'MergedWithPrevious':
      return merge(parts, (part, previous) => part.match && previous?.match === false);
    case 'MergedWithNext':
      return merge(parts, (part, previous) => !part.match && previous?.match === true);
  }
}

/** Appends a part to the one before where `joins` says so. */
function merge(parts: readonly Part[], joins: (part: Part, previous: Part | undefined) => boolean): Span[] {
  const result: { start: number; end: number }[] = [];
  parts.forEach((part, index) => {
    if (index > 0 && joins(part, parts[index - 1])) result.at(-1)!.end = part.end;
    else result.push({ start: part.start, end: part.end });
  });
  return result;
}
