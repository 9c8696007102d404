/** How offsets between tokens go to rows of a table of relative positions. */
export interface RelativeReach {
  /** Rows each way: the table has twice as many. */
  readonly span: number;
  /** Where far offsets share rows: rows each way as asked, and the offset that has the last of them. */
  readonly buckets?: { readonly size: number; readonly maxPosition: number };
}

/** Rows that texts of one length need of a table of relative positions. */
export interface RelativeRows {
  /** The first row that is needed, and how many follow. */
  readonly first: number;
  readonly count: number;
  /**
   * For column c the row of offset `tokens - 1 - c` (query less key), counted from `first`, `[2 * tokens]`: the order of
   * `shiftRows` where rows are queries. The last column is never read.
   */
  readonly descending: Int32Array;
  /** For column c the row of offset `c - tokens + 1`, where rows are keys. */
  readonly ascending: Int32Array;
}

const { fround } = Math;

/**
 * An offset's bucket: itself up to the middle, then one for each step of a logarithm. In float32, step by step, as
 * transformers computes it: in float64 some offsets would fall on the other side of a border.
 *
 * Source: `make_log_bucket_position` of transformers' modeling_deberta_v2.py and of microsoft/DeBERTa's da_utils.py.
 */
export function logBucket(offset: number, size: number, maxPosition: number): number {
  const middle = Math.floor(size / 2);
  const distance = Math.abs(offset);
  if (distance <= middle) return offset;
  const share = fround(
    fround(Math.log(fround(distance / middle))) / fround(Math.log(fround((maxPosition - 1) / middle))),
  );
  return Math.sign(offset) * (Math.ceil(fround(share * (middle - 1))) + middle);
}

/** The row of an offset, 0 to `2 * span - 1`. */
export function relativeRow(offset: number, { span, buckets }: RelativeReach): number {
  const bucket = buckets === undefined ? offset : logBucket(offset, buckets.size, buckets.maxPosition);
  return Math.min(Math.max(bucket + span, 0), 2 * span - 1);
}

/** What depends on the number of tokens alone, and not on what they are. */
export function relativeRows(tokens: number, reach: RelativeReach): RelativeRows {
  const first = relativeRow(1 - tokens, reach);
  const last = relativeRow(tokens - 1, reach);
  const row = (offset: number): number => relativeRow(Math.max(offset, 1 - tokens), reach) - first;
  return {
    first,
    count: last - first + 1,
    descending: Int32Array.from({ length: 2 * tokens }, (_, column) => row(tokens - 1 - column)),
    ascending: Int32Array.from({ length: 2 * tokens }, (_, column) => row(Math.min(column - tokens + 1, tokens - 1))),
  };
}
