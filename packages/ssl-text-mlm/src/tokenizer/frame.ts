import type { SpecialTokenIds } from './special-tokens.js';

/** A special token, or the first (0) or second (1) text, with the type of its tokens. */
export type FramePart =
  | { readonly id: number; readonly typeId: number }
  | { readonly sequence: 0 | 1; readonly typeId: number };

/** What is put around one text and around two. */
export interface Frame {
  readonly single: readonly FramePart[];
  /** Undefined where the file does not say it. */
  readonly pair: readonly FramePart[] | undefined;
  /** White space at the ends of a token does not count to its place; the one that was put before the text never did. */
  readonly trim?: { readonly addPrefixSpace: boolean };
}

/** `[CLS] A [SEP] B [SEP]`, types 0 and 1 (arXiv:1810.04805). */
export function bertFrame({ cls, sep }: SpecialTokenIds): Frame {
  const first: FramePart[] = [
    { id: cls, typeId: 0 },
    { sequence: 0, typeId: 0 },
    { id: sep, typeId: 0 },
  ];
  return { single: first, pair: [...first, { sequence: 1, typeId: 1 }, { id: sep, typeId: 1 }] };
}

/** `<s> A </s></s> B </s>`, all of type 0 (arXiv:1907.11692). */
export function robertaFrame({ cls, sep }: SpecialTokenIds): Frame {
  const end: FramePart = { id: sep, typeId: 0 };
  const first: FramePart[] = [{ id: cls, typeId: 0 }, { sequence: 0, typeId: 0 }, end];
  return { single: first, pair: [...first, end, { sequence: 1, typeId: 0 }, end] };
}
