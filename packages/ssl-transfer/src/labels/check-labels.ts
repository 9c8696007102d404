import { DataError, ShapeError } from 'ssl-tensor/host';

/**
 * Checks class labels against the rows they belong to and returns the number of classes.
 *
 * @param classes number of classes, where the caller knows it; default: the largest label + 1
 * @throws ShapeError where the lengths differ; DataError for a label outside `[0, classes)`
 */
export function checkLabels(
  where: string,
  parameter: string,
  labels: Int32Array,
  rows: number,
  classes?: number,
): number {
  if (labels.length !== rows)
    throw new ShapeError(where, parameter, `${rows} labels, one for each row`, `${labels.length}`);
  let largest = -1;
  for (let i = 0; i < labels.length; i++) {
    const label = labels[i]!;
    if (label < 0 || (classes !== undefined && label >= classes)) {
      throw new DataError(
        `${where}: ${parameter}[${i}] is ${label}, outside the classes 0 .. ${classes === undefined ? '' : classes - 1}`,
      );
    }
    if (label > largest) largest = label;
  }
  return classes ?? largest + 1;
}
