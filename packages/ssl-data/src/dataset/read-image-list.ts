import { DataError } from '@selfsup/ssl-core';
import { type ClassOptions, readClassList } from './class-list.js';
import { lineText } from '../io/parse-json-line.js';
import { lineError, type LineOptions, readLines } from '../io/read-lines.js';
import { LabelColumn, type LabelKind, type TableLabels } from './label-column.js';
import { imageExtensions } from './list-image-files.js';
import { pathWithin } from './path-within.js';
import type { StringTable } from './string-table.js';
import { StringTableBuilder } from './string-table-builder.js';

const extension = `\\.(?:${imageExtensions.join('|')})`;
const path = new RegExp(`${extension}$`, 'i');
/** The last extension that a separator follows ends the path, so that both path and label may hold spaces. */
const pathAndLabel = new RegExp(`^(.*${extension})(?:\\t|,| )(.*)$`, 'is');

/**
 * Reads a list of images: one path a line, and behind a tab, comma or space its label where there is one.
 *
 * @param root absolute; paths are relative to it
 * @throws DataError, with the line; InvalidOptionError for an unknown encoding
 */
export async function readImageList(
  file: string,
  root: string,
  { labels: kind, classes, allowEmpty }: ClassOptions & { readonly labels?: LabelKind | undefined },
  options: LineOptions,
): Promise<TableLabels & { readonly paths: StringTable }> {
  const paths = new StringTableBuilder();
  const labels = new LabelColumn({
    kind,
    given: await readClassList('ImageFolderDataset.fromList', classes),
    allowEmpty,
  });
  await readLines(file, options, (bytes, place) => {
    const line = lineText(bytes).trim();
    const [, name, label] = path.test(line) ? [line, line] : (pathAndLabel.exec(line) ?? []);
    if (name === undefined)
      throw lineError(
        place,
        `names no image; looked for ${imageExtensions.map((each) => `.${each}`).join(' ')} at the end of a path`,
      );
    paths.add(pathWithin(root, name, place));
    labels.add(label, (problem) => lineError(place, problem));
  });
  if (paths.length === 0) throw new DataError('lists no images', { path: file });
  return { paths: paths.finish(), ...labels.finish(file) };
}
