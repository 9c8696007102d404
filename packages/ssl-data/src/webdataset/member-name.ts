/** Where a member's name is split into key and extension: at the first dot of its last part, as WebDataset has it, or the last. */
export type NameSplit = 'first-dot' | 'last-dot';

/**
 * Splits a member's name by the WebDataset rule: the key goes up to the first dot of the last part of the path, the
 * extension is the rest, in lower case.
 *
 * @param at `last-dot`: the extension is what follows the last dot, for names such as `img.2024.jpg`
 * @returns `undefined` for what belongs to no sample: names without extension, hidden files, and `__meta__` entries
 * Source: `base_plus_ext`, `tar_file_iterator` and `group_by_keys` of the Python package webdataset 1.0. Deviates: a
 * hidden file in a folder is no member there only when the folder's name has a dot, here never.
 */
export function splitMemberName(
  name: string,
  at: NameSplit = 'first-dot',
): readonly [key: string, extension: string] | undefined {
  const base = name.lastIndexOf('/') + 1;
  const first = name.indexOf('.', base);
  if (first <= base || /^__[^/]*__($|\/)/.test(name)) return undefined;
  const dot = at === 'first-dot' ? first : name.lastIndexOf('.');
  return [name.slice(0, dot), name.slice(dot + 1).toLowerCase()];
}
