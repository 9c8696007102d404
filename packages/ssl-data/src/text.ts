/** Reading of text files, without what the readers of images need. */
export { readTexts } from './dataset/read-texts.js';
export type { ReadTextsOptions, TextsRead } from './dataset/read-texts.js';
export type { HttpOptions } from './webdataset/http-source.js';
export type { LeftOut } from './dataset/left-out.js';
export type { LinePlace } from './io/read-lines.js';
export { readText } from './io/read-text.js';
export type { ReadTextOptions } from './io/read-text.js';
export { readTextLines } from './io/read-text-lines.js';
export type { ReadTextLinesOptions } from './io/read-text-lines.js';
