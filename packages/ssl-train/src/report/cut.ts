/** Text of at most so many letters; what is longer ends in an ellipsis. */
export const cut = (text: string, letters = 300): string =>
  text.length > letters ? `${text.slice(0, letters)}\u2026` : text;
