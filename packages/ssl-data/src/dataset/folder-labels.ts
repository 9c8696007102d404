import { stringAt, type StringTable } from './string-table.js';

/** What the folders of paths tell. */
export interface FolderLabels {
  /** Number of paths without a folder. */
  readonly loose: number;
  /** Rank of the first folder among `classes`, `[paths]`, -1 = none. In memory that threads share. */
  readonly labels: Int32Array;
  /** First folders, sorted by code unit. */
  readonly classes: readonly string[];
}

/** @param paths sorted, so that those of one folder stand together */
export function folderLabels(paths: StringTable): FolderLabels {
  const { bytes, offsets, lengths } = paths;
  const labels = new Int32Array(new SharedArrayBuffer(4 * lengths.length));
  const names: string[] = [];
  let loose = 0;
  /** First folder of the path before. */
  let start = 0;
  let length = -1;
  for (let path = 0; path < lengths.length; path++) {
    const offset = offsets[path]!;
    const slash = folderEnd(bytes, offset, lengths[path]!);
    if (slash < 0) {
      labels[path] = -1;
      loose++;
      continue;
    }
    if (slash !== length || !equal(bytes, start, offset, length)) {
      const name = stringAt(paths, path);
      names.push(name.slice(0, name.indexOf('/')));
      [start, length] = [offset, slash];
    }
    labels[path] = names.length - 1;
  }
  // 'a b/' comes before 'a/', but 'a' before 'a b'.
  const order = names.map((_, number) => number).sort((a, b) => (names[a]! < names[b]! ? -1 : 1));
  const ranks = new Int32Array(names.length);
  order.forEach((number, rank) => (ranks[number] = rank));
  labels.forEach((label, path) => (labels[path] = label < 0 ? label : ranks[label]!));
  return { loose, labels, classes: order.map((number) => names[number]!) };
}

/** Bytes before the first slash, -1 without one. */
function folderEnd(bytes: Uint8Array, offset: number, length: number): number {
  for (let i = 0; i < length; i++) if (bytes[offset + i] === 0x2f) return i;
  return -1;
}

function equal(bytes: Uint8Array, a: number, b: number, length: number): boolean {
  for (let i = 0; i < length; i++) if (bytes[a + i] !== bytes[b + i]) return false;
  return true;
}
