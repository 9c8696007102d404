/** What becomes of the places where a text is split; the names are those of `tokenizer.json`. */
export type SplitBehavior = 'Removed' | 'Isolated' | 'MergedWithPrevious' | 'MergedWithNext' | 'Contiguous';

export const splitBehaviors: readonly SplitBehavior[] = [
  'Removed',
  'Isolated',
  'MergedWithPrevious',
  'MergedWithNext',
  'Contiguous',
];

/** A part of a text, and whether it is one of the places where it is split. */
export interface Part {
  readonly text: string;
  readonly match: boolean;
}

/** Parts of a text where single characters are the places. */
export function partsByCharacter(text: string, matches: (codePoint: number) => boolean): Part[] {
  const parts: Part[] = [];
  let between = '';
  for (const character of text) {
    if (!matches(character.codePointAt(0)!)) {
      between += character;
      continue;
    }
    if (between !== '') parts.push({ text: between, match: false });
    between = '';
    parts.push({ text: character, match: true });
  }
  if (between !== '') parts.push({ text: between, match: false });
  return parts;
}

/** Parts of a text where the places are what a global expression finds. */
export function partsByExpression(text: string, expression: RegExp): Part[] {
  const parts: Part[] = [];
  let done = 0;
  for (const found of text.matchAll(expression)) {
    if (found.index > done) parts.push({ text: text.slice(done, found.index), match: false });
    if (found[0] !== '') parts.push({ text: found[0], match: true });
    done = found.index + found[0].length;
  }
  if (done < text.length) parts.push({ text: text.slice(done), match: false });
  return parts;
}

/** Joins and removes parts. Source: `NormalizedString::split` of Hugging Face `tokenizers`. */
export function joinParts(parts: readonly Part[], behavior: SplitBehavior): string[] {
  switch (behavior) {
    case 'Removed':
      return parts.filter((part) => !part.match).map((part) => part.text);
    case 'Isolated':
      return parts.map((part) => part.text);
    case 'Contiguous':
      return merge(parts, (part, previous) => part.match === previous?.match);
    case 'MergedWithPrevious':
      return merge(parts, (part, previous) => part.match && previous?.match === false);
    case 'MergedWithNext':
      return merge(parts, (part, previous) => !part.match && previous?.match === true);
  }
}

/** Appends a part to the one before where `joins` says so. */
function merge(parts: readonly Part[], joins: (part: Part, previous: Part | undefined) => boolean): string[] {
  const result: string[] = [];
  parts.forEach((part, index) => {
    if (index > 0 && joins(part, parts[index - 1])) result[result.length - 1] += part.text;
    else result.push(part.text);
  });
  return result;
}
