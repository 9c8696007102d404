import { checkLabels as checkClasses, ShapeError } from 'ssl-tensor/host';

/**
 * Checks class labels against the rows they belong to and returns the number of classes. Every row needs a class: -1, 'no
 * label', is refused with the way to leave such rows out.
 *
 * @param classes number of classes, where the caller knows it; default: the largest label + 1
 * @throws ShapeError where the lengths differ; DataError for a label outside `[0, classes)`
 */
export function checkLabels(
  where: string,
  parameter: string,
  labels: ArrayLike<number>,
  rows: number,
  classes?: number,
): number {
  if (labels.length !== rows)
    throw new ShapeError(where, parameter, `${rows} labels, one for each row`, `${labels.length}`);
  return checkClasses(where, parameter, labels, { classes });
}
