import type { TextModel } from '../models/text-model.js';

/** Longest sequence that an encoder reads, tokens. */
export const longestOf = ({ maxTokens, config }: TextModel): number => maxTokens ?? config.maxPositionEmbeddings;
