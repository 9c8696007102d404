import type { WordPieceTokenizer } from '@selfsup/ssl-text-mlm';
import type { ImageStatistics } from '@selfsup/ssl-vision';
import type { BlipCaptioner } from './blip-captioner.js';
import type { BlipMatcher } from './blip-matcher.js';
import type { BlipTokenIds } from './blip-tokens.js';

/** What of a `Blip` is used once it is trained. */
export interface BlipParts {
  readonly modules: { readonly matcher: BlipMatcher; readonly captioner: BlipCaptioner };
  readonly tokenizer: WordPieceTokenizer;
  readonly tokenIds: BlipTokenIds;
  /** Statistics of the images' pixels. */
  readonly normalize: ImageStatistics;
}
