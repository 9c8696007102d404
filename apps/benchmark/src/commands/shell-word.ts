/**
 * A word as a shell takes it, for commands that are shown to be copied: quoted where it has to be, and without raw
 * control characters (`$'...'` of bash, zsh and POSIX 2024).
 */
export function shellWord(word: string): string {
  if (/^[\w@%+=:,./-]+$/.test(word)) return word;
  if (!/[\p{Cc}\p{Cf}\u2028\u2029]/u.test(word)) return `'${word.replaceAll("'", "'\\''")}'`;
  const escaped = word
    .replaceAll(/[\\']/g, String.raw`\$&`)
    .replaceAll(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, (character) =>
      [...Buffer.from(character)].map((byte) => `\\x${byte.toString(16).padStart(2, '0')}`).join(''),
    );
  return `$'${escaped}'`;
}
