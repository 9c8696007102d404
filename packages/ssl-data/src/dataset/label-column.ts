import { noLabel } from 'ssl-core';
import { type LinePlace, lineError } from '../io/read-lines.js';
import { IntegerList } from './integer-list.js';

/** How the labels of a table are written. */
export type LabelKind = 'integers' | 'names';

/** Classes of a table's rows. */
export interface TableLabels {
  /** Class of each row, -1 = without label; undefined when no row has one. In memory that threads share. */
  readonly labels: Int32Array | undefined;
  /** Names of the classes, in the order of their numbers; empty when the labels are integers. */
  readonly classes: readonly string[];
}

/** More names than this are no classes but captions or keys. */
const maxClasses = 1_000_000;
/** Tables with gaps are often written with their integers as `3.0`. */
const integer = /^-?\d+(?:\.0+)?$/;

/**
 * Collects the labels of a table's rows. Integers stand for themselves; names are numbered in the order of the sorted
 * names (by code unit). Which of the two it is, the first label tells, and a label of the other kind is an error.
 */
export class LabelColumn {
  readonly #numbers = new Map<string, number>();
  readonly #values = new IntegerList();
  #kind: LabelKind | undefined;
  readonly #given: boolean;

  /** @param kind undefined: as the first label is */
  constructor(kind: LabelKind | undefined) {
    this.#kind = kind;
    this.#given = kind !== undefined;
  }

  /**
   * @param text the label of the next row; undefined or empty: it has none
   * @throws DataError when it is not like the others
   */
  add(text: string | undefined, place: LinePlace): void {
    const label = text?.trim() ?? '';
    if (label === '') {
      this.#values.push(noLabel);
      return;
    }
    const isInteger = integer.test(label);
    this.#kind ??= isInteger ? 'integers' : 'names';
    if (isInteger !== (this.#kind === 'integers') && !(isInteger && this.#given)) throw mixed(label, this.#kind, place);
    this.#values.push(this.#kind === 'integers' ? integerOf(label, place) : this.#numberOf(label, place));
  }

  finish(): TableLabels {
    if (this.#kind === undefined) return { labels: undefined, classes: [] };
    const labels = this.#values.toShared();
    const names = [...this.#numbers.keys()];
    const order = names.map((_, number) => number).sort((a, b) => (names[a]! < names[b]! ? -1 : 1));
    const sorted = new Int32Array(names.length);
    order.forEach((number, rank) => (sorted[number] = rank));
    if (this.#kind === 'names') labels.forEach((label, row) => (labels[row] = label < 0 ? label : sorted[label]!));
    return { labels, classes: order.map((number) => names[number]!) };
  }

  #numberOf(name: string, place: LinePlace): number {
    let number = this.#numbers.get(name);
    if (number === undefined) {
      number = this.#numbers.size;
      if (number === maxClasses)
        throw lineError(place, `has label number ${maxClasses + 1}; choose a column that holds classes`);
      this.#numbers.set(name, number);
    }
    return number;
  }
}

function integerOf(label: string, place: LinePlace): number {
  const value = Number(label);
  if (value !== (value | 0)) throw lineError(place, `has the label ${label}; labels are integers of at most 32 bits`);
  if (value < noLabel)
    throw lineError(
      place,
      `has the label ${label}; classes are integers from 0 on, and -1 or an empty field is no label`,
    );
  return value | 0;
}

function mixed(label: string, kind: LabelKind, place: LinePlace): Error {
  const shown = label.length > 80 ? `${label.slice(0, 80)}...` : label;
  return lineError(
    place,
    kind === 'integers'
      ? `has the label '${shown}' among integers; repair it, or pass labels: 'names'`
      : `has the label ${shown} among names; repair it, or pass labels: 'names' if it is one`,
  );
}
