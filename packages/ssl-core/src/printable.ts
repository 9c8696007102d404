/**
 * Text without what a terminal would obey: names of files and classes come from strangers.
 *
 * @returns the text, control characters as `\x1b`, other escapes likewise
 */
export function printable(text: string): string {
  // A path that is none, from JavaScript, must not hide the error that names it.
  const given: unknown = text;
  return (typeof given === 'string' ? given : String(given)).replaceAll(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, (character) => {
    const code = character.codePointAt(0)!.toString(16);
    return code.length > 2 ? `\\u{${code}}` : `\\x${code.padStart(2, '0')}`;
  });
}
