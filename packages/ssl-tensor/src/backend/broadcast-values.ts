/** Elements of an operand, each as often as a broadcast to another shape has it. */
export function broadcastValues(
  values: ArrayLike<number>,
  shape: readonly number[],
  to: readonly number[],
): Float64Array {
  const spread = new Float64Array(to.reduce((product, size) => product * size, 1));
  for (let index = 0; index < spread.length; index++) {
    let [place, rest, stride] = [0, index, 1];
    for (let axis = 1; axis <= to.length; axis++) {
      const [size, own] = [to.at(-axis)!, shape.at(-axis) ?? 1];
      if (own !== 1) place += (rest % size) * stride;
      stride *= own;
      rest = Math.floor(rest / size);
    }
    spread[index] = values[place]!;
  }
  return spread;
}
