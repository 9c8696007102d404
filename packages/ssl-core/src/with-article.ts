/** Letters whose names begin with a vowel: an HTML file, an .npy file. */
const spokenWithVowel = new Set('AEFHILMNORSX');
/** Pronounced as words, or as their first letter's sound does not say. */
const wordLike = /^(?:FIFO|FITS|HEI[CF]|LAMB|LARS|NIFTI|RAM|RIFF|ROM)\b/i;

/**
 * A noun with `a` or `an` before it, for messages whose noun comes from elsewhere: `an int32 tensor`, `a uint8`, `an HTML
 * file`.
 */
export function withArticle(noun: string): string {
  const word = noun.replace(/^[^\p{L}\p{N}]+/u, '');
  return `${startsWithVowel(word) ? 'an' : 'a'} ${noun}`;
}

function startsWithVowel(word: string): boolean {
  if (/^(?:8|1[18](?!\d))/.test(word)) return true;
  if (/^u(?:int|ni|se|sual|rl|tf)|^eu|^(?:one|once)\b/i.test(word)) return false;
  if (/^U[A-Z]/.test(word)) return false;
  const isSpelt = /^(?:[A-Z]{2,}|np[yz]\b|[A-Z]\b)/.test(word) && !wordLike.test(word);
  return isSpelt ? spokenWithVowel.has(word[0]!.toUpperCase()) : /^(?:[aeiou]|hour|honest)/i.test(word);
}
