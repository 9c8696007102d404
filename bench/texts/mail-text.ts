/** Characters of a mail that are read. */
const mostCharacters = 4000;

/**
 * What a reader sees of a mail: its subject and its body without headers, attachments, markup and quotation marks.
 *
 * @param raw with its headers, a character for each byte
 */
export function mailText(raw: string): string {
  const lines = raw.replaceAll('\r\n', '\n');
  const border = lines.indexOf('\n\n');
  const [head, body] = border < 0 ? [lines, ''] : [lines.slice(0, border), lines.slice(border + 2)];
  const subject = /^subject:(.*(?:\n[ \t].*)*)/im.exec(head)?.[1] ?? '';
  const isQuoted = /content-transfer-encoding: *quoted-printable/i.test(lines);
  const plain = withoutParts(isQuoted ? unquoted(body) : body)
    .replaceAll(/<!--[\s\S]*?-->|<(style|script)\b[\s\S]*?<\/\1>|<[^>]*>/gi, ' ')
    .replaceAll(/&[a-z]{2,6};|&#\d+;/gi, ' ')
    .replaceAll(/^[>| ]+/gm, '');
  return `${subject}. ${plain}`
    .replaceAll(/[\s\p{Cc}]+/gu, ' ')
    .trim()
    .slice(0, mostCharacters);
}

/** Of quoted-printable (RFC 2045, section 6.7). */
const unquoted = (body: string): string =>
  body
    .replaceAll(/=[ \t]*\n/g, '')
    .replaceAll(/=([\dA-F]{2})/gi, (_, hex: string) => String.fromCodePoint(Number.parseInt(hex, 16)));

/** Without lines of MIME's borders and headers, and of base64. */
const withoutParts = (body: string): string =>
  body
    .split('\n')
    .filter((line) => !/^--\S|^--= |^content-[a-z-]+:|^\s+(?:file)?name=|^[\d+/A-Za-z=]{40,}$/i.test(line))
    .join('\n');
