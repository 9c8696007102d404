import type { AlignedText, ChangedCharacter } from './aligned-text.js';
import { isAscii } from './code-points.js';

/** A character on its way through decomposition and composition. */
interface Moved extends ChangedCharacter {
  /** Its canonical combining class is not 0. */
  readonly mark: boolean;
}

/**
 * A Unicode normal form with places, as Hugging Face's Rust library gives them: what a character decomposes into comes from
 * it; what characters compose to comes from the first of them.
 *
 * Source: `unicode-normalization-alignments` and `NormalizedString::transform` of Hugging Face `tokenizers`.
 */
export function alignForm(text: AlignedText, form: 'NFC' | 'NFD' | 'NFKC' | 'NFKD'): AlignedText {
  if (isAscii(text.text)) return text;
  const normalized = text.text.normalize(form);
  if (!text.aligned) return text.withText(normalized);
  if (normalized === text.text) return text;
  const decomposition = form === 'NFC' || form === 'NFD' ? 'NFD' : 'NFKD';
  const decomposed = decompose(text.text, decomposition);
  const moved = form === 'NFC' || form === 'NFKC' ? compose(decomposed) : decomposed;
  return text.transformed(moved);
}

/** Characters in the order of the normal form; marks after a character are sorted by their class. */
function decompose(text: string, form: 'NFD' | 'NFKD'): Moved[] {
  const result: Moved[] = [];
  let pending: Moved[] = [];
  const sort = (): void => {
    // Sorting by class is what the runtime does with the marks together: its order is found again, equal ones in turn.
    const left = new Map<string, Moved[]>();
    for (const mark of pending) left.set(mark.text, [...(left.get(mark.text) ?? []), mark]);
    for (const character of pending
      .map((mark) => mark.text)
      .join('')
      .normalize('NFD'))
      result.push(left.get(character)!.shift()!);
    pending = [];
  };
  for (const character of text)
    Array.from(character.normalize(form)).forEach((piece, index) => {
      const moved = { text: piece, mark: isMark(piece), change: index === 0 ? 0 : 1 };
      if (!moved.mark) sort();
      if (moved.mark) pending.push(moved);
      else result.push(moved);
    });
  sort();
  return result;
}

/** Canonical composition, which joins a mark to the last character that is none where nothing is between that blocks it. */
function compose(characters: readonly Moved[]): Moved[] {
  const result: Moved[] = [];
  let starter: Moved | undefined;
  let buffer: Moved[] = [];
  const flush = (): void => {
    if (starter !== undefined) result.push(starter);
    result.push(...buffer);
    buffer = [];
  };
  for (const character of characters) {
    const before = buffer.at(-1);
    if (starter === undefined) {
      if (character.mark) result.push(character);
      else starter = { ...character };
      continue;
    }
    const blocked = before !== undefined && !(character.mark && inOrder(before.text, character.text));
    const joined = blocked ? undefined : composed(starter.text, character.text);
    if (joined !== undefined) {
      starter.text = joined;
      starter.change += character.change - 1;
    } else if (character.mark) buffer.push(character);
    else {
      flush();
      starter = { ...character };
    }
  }
  flush();
  return result;
}

/** Two characters as one, where they compose. */
function composed(first: string, second: string): string | undefined {
  const joined = (first + second).normalize('NFC');
  return Array.from(joined).length === 1 ? joined : undefined;
}

/** Whether the class of the first mark is below that of the second: only then they do not change places, and do when turned. */
function inOrder(first: string, second: string): boolean {
  return (second + first).normalize('NFD') === first + second && first !== second;
}

/** Whether a character has a combining class: then it changes places with one of another class. */
function isMark(character: string): boolean {
  const low = '\u0334';
  const high = '\u0345';
  return (
    (high + character).normalize('NFD') === character + high || (character + low).normalize('NFD') === low + character
  );
}
