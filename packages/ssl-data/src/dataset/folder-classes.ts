import { DataError, InvalidOptionError, type OptionNames } from '@selfsup/ssl-core';
import { classOptionNames, type ClassOptions, readClassList } from './class-list.js';
import { folderLabels } from './folder-labels.js';
import type { FileListing } from './list-files.js';
import { numberClasses } from './number-classes.js';

/** Classes of the files in a folder. */
export interface FolderClasses {
  /** Class of each file, `[files]`, in memory that threads share; undefined without classes. */
  readonly labels: Int32Array | undefined;
  /** In the order of their numbers. */
  readonly classes: readonly string[];
}

export interface FolderClassOptions extends ClassOptions {
  /**
   * `folders`: the first folder of a path is its class; `none`: no classes. Default: `folders` when all files lie in
   * sub-folders or `classes` are given, `none` when all lie in the folder itself.
   */
  readonly labels?: 'folders' | 'none' | undefined;
}

/** Names of {@link FolderClassOptions}. */
export const folderClassOptionNames: OptionNames<FolderClassOptions> = {
  ...classOptionNames,
  labels: 'optional',
};

/**
 * Takes the first folder of each path for its class.
 *
 * @param where the data set, for messages
 * @param what its files, such as `images`
 * @throws DataError where files lie both in sub-folders and beside them, for class folders without files unless
 *   `allowEmpty`, and for those that `classes` does not list
 */
export async function folderClasses(
  where: string,
  what: string,
  root: string,
  { paths, folders }: FileListing,
  { labels: layout, classes: list, allowEmpty = false }: FolderClassOptions,
): Promise<FolderClasses> {
  if (layout !== undefined && layout !== 'folders' && layout !== 'none')
    throw new InvalidOptionError(where, 'labels', "'folders' or 'none'", layout);
  const count = paths.lengths.length;
  const { loose, labels, classes: used } = folderLabels(paths);
  const given = layout === 'none' ? undefined : await readClassList(where, list);
  if (layout !== 'none' && loose > 0 && (loose < count || layout === 'folders' || given !== undefined))
    throw new DataError(
      `${loose} of ${count} ${what} lie outside the class folders; move them, or pass labels: 'none'`,
      { path: root },
    );
  if (layout === 'none' || loose > 0) return { labels: undefined, classes: [] };
  const { classes, numberOf } = numberClasses({
    used,
    empty: folders,
    given,
    allowEmpty,
    what: 'class folders',
    path: root,
  });
  const numbers = used.map(numberOf);
  labels.forEach((label, file) => (labels[file] = numbers[label]!));
  return { labels, classes };
}
