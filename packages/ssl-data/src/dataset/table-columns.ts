import { DataError } from '@selfsup/ssl-core';

/** Which columns of a table hold what. */
export interface TableColumns {
  readonly image: string;
  readonly label: string | undefined;
}

/** Usual names, in lower case. */
const imageNames = ['image', 'path', 'file', 'filename', 'file_name', 'filepath', 'file_path', 'image_path'];
const labelNames = ['label', 'class', 'target', 'category'];

/**
 * Finds the columns of images and labels.
 *
 * @param names of the table's columns
 * @param imageColumn its name; undefined: by the usual names
 * @param labelColumn its name; undefined: by the usual names, may be missing; false: none
 * @throws DataError when a column is missing, or more than one has a usual name
 */
export function tableColumns(
  path: string,
  names: readonly string[],
  imageColumn: string | undefined,
  labelColumn: string | false | undefined,
): TableColumns {
  const image = chosen(path, names, imageColumn, 'imageColumn') ?? usual(path, names, imageNames, 'imageColumn');
  if (image === undefined)
    throw new DataError(
      `no column has a usual name for images; it has ${listed(names)}; pass imageColumn${delimiterAdvice(names)}`,
      { path, offset: 0 },
    );
  if (labelColumn === false) return { image, label: undefined };
  return {
    image,
    label: chosen(path, names, labelColumn, 'labelColumn') ?? usual(path, names, labelNames, 'labelColumn'),
  };
}

function chosen(path: string, names: readonly string[], name: string | undefined, option: string): string | undefined {
  if (name === undefined) return undefined;
  const count = names.filter((each) => each === name).length;
  if (count === 1) return name;
  const problem = count === 0 ? 'no column is' : `${count} columns are`;
  throw new DataError(
    `${problem} named '${name}', as ${option} says; it has ${listed(names)}${count === 0 ? delimiterAdvice(names) : ''}`,
    { path, offset: 0 },
  );
}

function usual(path: string, names: readonly string[], wanted: readonly string[], option: string): string | undefined {
  const found = names.filter((name) => wanted.includes(name.trim().toLowerCase()));
  if (found.length > 1)
    throw new DataError(`more than one column may be meant: ${listed(found)}; pass ${option}`, { path, offset: 0 });
  return found[0];
}

/** A name with what separates columns elsewhere in it is several columns. */
function delimiterAdvice(names: readonly string[]): string {
  const found = [';', '\t', '|', ','].find((delimiter) => names.some((name) => name.includes(delimiter)));
  return found === undefined ? '' : `, or delimiter: '${found === '\t' ? '\\t' : found}' if that is between columns`;
}

function listed(names: readonly string[]): string {
  const parts = names.slice(0, 20).map((name) => `'${name.slice(0, 40)}'`);
  return `${parts.join(', ')}${names.length > 20 ? `, ... (${names.length} in all)` : ''}` || 'no columns';
}
