/**
 * Splits a member's name by the WebDataset rule: the key goes up to the first dot of the last part of the path, the
 * extension is the rest, in lower case.
 *
 * @returns `undefined` for what belongs to no sample: names without extension, hidden files, and `__meta__` entries
 * Source: `base_plus_ext`, `tar_file_iterator` and `group_by_keys` of the Python package webdataset 1.0. Deviates: a
 * hidden file in a folder is no member there only when the folder's name has a dot, here never.
 */
export function splitMemberName(name: string): readonly [key: string, extension: string] | undefined {
  const base = name.lastIndexOf('/') + 1;
  const dot = name.indexOf('.', base);
  if (dot <= base || /^__[^/]*__($|\/)/.test(name)) return undefined;
  return [name.slice(0, dot), name.slice(dot + 1).toLowerCase()];
}
