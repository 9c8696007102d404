export { Clip, clipDefaults } from './clip/clip.js';
export type { ClipOptions, ImageTextBatch } from './clip/clip.js';
export { SimilarityScale } from './clip/similarity-scale.js';
export { ImageTextLoader } from './data/image-text-loader.js';
export type { ImageTextLoaderOptions, IndexedImageTextBatch } from './data/image-text-loader.js';
export { classifyByNames } from './evaluation/classify-by-names.js';
export { retrievalRecall } from './evaluation/retrieval-recall.js';
export type { RetrievalRecall } from './evaluation/retrieval-recall.js';
