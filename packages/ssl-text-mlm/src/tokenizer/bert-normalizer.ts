import type { AlignedText } from './aligned-text.js';
import { alignForm } from './compose-text.js';
import { decompose, isIn, lowerCase, without } from './code-points.js';

/** Settings of BERT's normaliser. */
export interface BertNormalizerSettings {
  /** Remove NUL, U+FFFD, control, format and private-use characters, and make all white space spaces. */
  readonly cleanText: boolean;
  /** Put spaces around Han ideographs. */
  readonly chineseCharacters: boolean;
  /** Decompose, and remove marks that take no space of their own. `null`: if `lowercase`. */
  readonly stripAccents: boolean | null;
  readonly lowercase: boolean;
}

/**
 * BERT's normaliser: cleaning, spaces around Han ideographs, accents off, lower case, in this order.
 *
 * Source: `BertNormalizer` of Hugging Face `tokenizers`, with its Unicode (`unicode-tables.ts`). Its Han ideographs are
 * those of extensions A to D and from U+2B920 on, as there.
 */
export function bertNormalize(
  text: string,
  { cleanText, chineseCharacters, stripAccents, lowercase }: BertNormalizerSettings,
): string {
  let result = cleanText || chineseCharacters ? spaced(text, cleanText, chineseCharacters) : text;
  if (stripAccents ?? lowercase) result = without('nonspacing', decompose(result));
  return lowercase ? lowerCase(result) : result;
}

function spaced(text: string, cleanText: boolean, chineseCharacters: boolean): string {
  let result = '';
  for (const character of text) {
    const point = character.codePointAt(0)!;
    if (cleanText && isIn('removed', point)) continue;
    if (cleanText && isIn('white', point)) result += ' ';
    else if (chineseCharacters && isIn('chinese', point)) result += ` ${character} `;
    else result += character;
  }
  return result;
}

/** The same with places. */
export function alignBert(text: AlignedText, settings: BertNormalizerSettings): AlignedText {
  const { cleanText, chineseCharacters, stripAccents, lowercase } = settings;
  let result = text.mapCharacters((character) => spaced(character, cleanText, chineseCharacters));
  if (stripAccents ?? lowercase)
    result = alignForm(result, 'NFD').mapCharacters((character) => without('nonspacing', character));
  return lowercase ? result.mapCharacters(lowerCase) : result;
}
