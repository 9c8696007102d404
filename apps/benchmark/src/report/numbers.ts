/** `0.9671` as `96.7 %`. */
export function percent(share: number, digits = 1): string {
  return `${(100 * share).toFixed(digits)} %`;
}

/** A difference of two shares in points, signed: `+5.2`. */
export function points(difference: number): string {
  const value = (100 * difference).toFixed(1);
  return difference >= 0 ? `+${value}` : value.replace('-', '\u2212');
}

/** A difference of two shares in words: `5.2 points ahead of`, `0.4 points behind`. */
export function comparison(difference: number): string {
  const value = Math.abs(100 * difference).toFixed(1);
  return difference >= 0 ? `${value} points ahead of` : `${value} points behind`;
}

/** Whole numbers with thousands separated: `20,000`. */
export function whole(value: number): string {
  return Math.round(value).toLocaleString('en-GB');
}

/** Numbers of labels: `10, 60 labels per class`, `1 label per class`. */
export function labelsEach(...counts: readonly (number | string)[]): string {
  const one = counts.length === 1 && Number(counts[0]) === 1;
  return `${counts.join(', ')} ${one ? 'label' : 'labels'} per class`;
}
