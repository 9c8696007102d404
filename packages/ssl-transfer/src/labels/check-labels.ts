import { checkLabels as checkClasses, DataError, ShapeError } from '@selfsup/ssl-tensor/host';

/** Most numbers of a table of scores by class: 4 GiB of float32. Beyond it the labels are identifiers, not classes. */
const maxScores = 2 ** 30;
/** Most classes that labels alone say: more are identifiers, not classes. */
const maxClasses = 1_000_000;

/**
 * Checks class labels against the rows they belong to and returns the number of classes. Every row needs a class: -1, 'no
 * label', is refused with the way to leave such rows out.
 *
 * @param classes number of classes, where the caller knows it; default: the largest label + 1, at most 1,000,000
 * @throws ShapeError where the lengths differ; DataError for a label outside `[0, classes)`; InvalidOptionError for labels
 * that are no array, or `classes` that are no positive integer
 */
export function checkLabels(
  where: string,
  parameter: string,
  labels: ArrayLike<number>,
  rows: number,
  classes?: number,
): number {
  if (typeof (labels as ArrayLike<number> | undefined)?.length === 'number' && labels.length !== rows)
    throw new ShapeError(where, parameter, `${rows} labels, one for each row`, `${labels.length}`);
  const known = checkClasses(where, parameter, labels, { classes });
  if (classes === undefined && known > maxClasses)
    throw new DataError(
      `${where}: ${parameter} has the label ${known - 1}; the largest is taken for the last class, and more than ${maxClasses} classes are taken for identifiers. Number the classes that there are 0, 1, 2 and so on, or pass classes`,
    );
  return known;
}

/**
 * Checks that a table of every row's score for every class can be made.
 *
 * @param what the table, in the message
 * @throws DataError where it would have more than 2^30 numbers, as a label that is an identifier makes it
 */
export function checkScores(where: string, what: string, rows: number, classes: number): void {
  if (rows * classes > maxScores)
    throw new DataError(
      `${where}: ${what} by ${classes} classes are more than ${maxScores} numbers. Number the classes that there are 0, 1, 2 and so on; the largest label is taken for the last class`,
    );
}
