import { Tokenizer } from '@huggingface/tokenizers';

/**
 * What we use of `@huggingface/tokenizers`. Its own declarations import without file extensions, which NodeNext
 * resolves to nothing, so the part is declared here.
 */
export interface HuggingFaceTokenizer {
  encode(text: string, options: { readonly add_special_tokens: boolean }): { readonly ids: number[] };
  decode(ids: readonly number[]): string;
  readonly normalizer: ((text: string) => string) | null;
  readonly pre_tokenizer: ((text: string) => string[]) | null;
}

/** Encoder of a `tokenizer.json` document; throws what the library throws. */
export function huggingFaceTokenizer(json: Readonly<Record<string, unknown>>): HuggingFaceTokenizer {
  return new (Tokenizer as unknown as new (json: unknown, config: unknown) => HuggingFaceTokenizer)(json, {});
}
