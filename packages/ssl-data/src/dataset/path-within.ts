import { isAbsolute, relative, resolve, sep } from 'node:path';
import { type LinePlace, lineError } from '../io/read-lines.js';

/** Names that mean the same joined to any folder, as nearly all do. */
const plain = /^(?!\.{0,2}\/)(?!.*\/(?:\.{0,2}\/|\.{0,2}$))[^\\:\0]+$/s;

/**
 * A path that a table names, relative to `root` and with `/`.
 *
 * @param root absolute
 * @throws DataError when it is empty, a URL, or leads out of `root`
 */
export function pathWithin(root: string, text: string, place: LinePlace): string {
  if (text === '') throw lineError(place, 'names no file; fill the gap, or remove the line');
  if (text !== '..' && text !== '.' && plain.test(text)) return text;
  if (text.includes('\0')) throw lineError(place, 'names a file with a NUL in it; no file has such a name');
  if (/^[a-z][a-z0-9+.-]+:\/\//i.test(text))
    throw lineError(place, `names ${shown(text)}; download the files, or pack them into shards and use WebDataset`);
  const inside = relative(root, resolve(root, text));
  if (inside === '' || inside === '..' || inside.startsWith(`..${sep}`) || isAbsolute(inside))
    throw lineError(
      place,
      `names ${shown(text)}, which lies outside ${root}; pass the right root, or copy the file there`,
    );
  return sep === '/' ? inside : inside.split(sep).join('/');
}

function shown(text: string): string {
  return `'${text.length > 200 ? `${text.slice(0, 200)}...` : text}'`;
}
