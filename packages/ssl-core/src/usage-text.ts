import { usesColour } from './uses-colour.js';

// What a library has put in, whatever the text goes to.
// oxlint-disable-next-line no-control-regex
const styles = /\u001B\[[\d;]*m/g;
const headings = /^(?:USAGE|ARGUMENTS|OPTIONS|COMMANDS)\b/gm;

/**
 * A command's help as a stream may have it: headings bold on a terminal, plain text in a pipe or a file.
 *
 * @param usage may hold colours; they are taken out
 */
export function usageText(
  usage: string,
  stream: { readonly isTTY?: boolean },
  environment?: Readonly<Record<string, string | undefined>>,
): string {
  const plain = usage.replaceAll(styles, '');
  return usesColour(stream, environment) ? plain.replaceAll(headings, '\u001B[1m$&\u001B[22m') : plain;
}
