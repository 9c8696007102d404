import { InvalidOptionError } from '../errors/invalid-option-error.js';

/**
 * Checks that a path is text, and none that only a shell understands: Node would make a folder called `~`.
 *
 * @throws InvalidOptionError for a URL, a Buffer, a missing variable of the environment, empty text, and `~/...`
 */
export function checkPath(where: string, option: string, path: unknown): void {
  if (typeof path !== 'string' || path === '')
    throw new InvalidOptionError(where, option, 'a path', path, asText(path));
  if (!/^~(?:[/\\]|$)/.test(path)) return;
  const advice =
    "Only a shell knows ~: write join(homedir(), ...) of node:path and node:os, or './~' for a folder of that name";
  throw new InvalidOptionError(where, option, 'a path without ~', path, advice);
}

function asText(path: unknown): string | undefined {
  if (path instanceof URL) return 'Of a URL it is fileURLToPath(url) of node:url';
  if (path instanceof Uint8Array) return 'Of bytes it is Buffer.from(bytes).toString()';
  return undefined;
}
