import type { TokenizerKind } from './tokenizer-kind.js';

/** The kind of a parsed `tokenizer.json`; where it does not say, what its vocabulary looks like. Undefined for others. */
export function kindOfJson(document: unknown): TokenizerKind['type'] | undefined {
  const model = (document as { readonly model?: unknown } | null | undefined)?.model;
  if (typeof model !== 'object' || model === null) return undefined;
  const { type, vocab, merges } = model as Readonly<Record<'type' | 'vocab' | 'merges', unknown>>;
  if (type === 'WordPiece' || type === 'BPE' || type === 'Unigram') return type;
  if ((type ?? null) !== null) return undefined;
  return Array.isArray(vocab) ? 'Unigram' : merges === undefined ? 'WordPiece' : 'BPE';
}
