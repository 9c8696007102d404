/**
 * The rows nearest to a query by cosine, the nearest first, of equal ones the lower row.
 *
 * @param unit rows of length 1, `[rows, dim]`
 * @param query `[dim]`, of any length
 * @param except rows that are left out
 */
export function nearestRows(
  unit: Float32Array,
  query: Float64Array,
  count: number,
  except: ReadonlySet<number>,
): { readonly row: number; readonly similarity: number }[] {
  const dim = query.length;
  const length = Math.sqrt(query.reduce((sum, value) => sum + value * value, 0));
  const scale = length === 0 ? 0 : 1 / length;
  const found: { readonly row: number; readonly similarity: number }[] = [];
  for (let row = 0; row * dim < unit.length; row++) {
    if (except.has(row)) continue;
    let dot = 0;
    for (let i = 0; i < dim; i++) dot += query[i]! * unit[row * dim + i]!;
    const similarity = dot * scale;
    if (found.length === count && !(similarity > found.at(-1)!.similarity)) continue;
    let at = found.length;
    while (at > 0 && found[at - 1]!.similarity < similarity) at--;
    found.splice(at, 0, { row, similarity });
    if (found.length > count) found.pop();
  }
  return found;
}
