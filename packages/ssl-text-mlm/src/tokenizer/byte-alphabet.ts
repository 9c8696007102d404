/**
 * The character that stands for each byte in a byte-level vocabulary: printable bytes of Latin-1 for themselves, the others
 * from U+0100 on, so that the space is `Ġ`.
 *
 * Source: `bytes_to_unicode` of GPT-2, `bytes_char` of Hugging Face `tokenizers`.
 */
export const byteCharacters: readonly string[] = Array.from({ length: 256 }, (_, byte) => {
  const isPrintable = (one: number): boolean =>
    (one >= 0x21 && one <= 0x7e) || (one >= 0xa1 && one <= 0xac) || one >= 0xae;
  if (isPrintable(byte)) return String.fromCharCode(byte);
  let before = 0;
  for (let one = 0; one < byte; one++) if (!isPrintable(one)) before++;
  return String.fromCharCode(0x100 + before);
});

const bytesOf = new Map(byteCharacters.map((character, byte) => [character, byte]));

/** The characters for the bytes of a text in UTF-8. */
export function toByteCharacters(text: string): string {
  let result = '';
  for (const byte of Buffer.from(text, 'utf8')) result += byteCharacters[byte]!;
  return result;
}

/** The text of byte characters, with U+FFFD for what is not UTF-8; a piece with another character stands for itself. */
export function fromByteCharacters(pieces: readonly string[]): string {
  const bytes: number[] = [];
  for (const piece of pieces) {
    const own = Array.from(piece, (character) => bytesOf.get(character));
    if (own.every((byte) => byte !== undefined)) for (const byte of own) bytes.push(byte);
    else for (const byte of Buffer.from(piece, 'utf8')) bytes.push(byte);
  }
  return Buffer.from(bytes).toString('utf8');
}
