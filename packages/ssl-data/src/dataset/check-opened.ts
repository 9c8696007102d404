import { InvalidOptionError } from '@selfsup/ssl-core';

/**
 * Where a constructor is called that TypeScript keeps private, as PyTorch's data sets are made: `new Dataset(path)`.
 *
 * @param name the class
 * @param inside whether the first argument is what `open` passes
 * @throws InvalidOptionError that names `open`
 */
export function checkOpened(name: string, inside: boolean, given: unknown): void {
  if (inside) return;
  throw new InvalidOptionError(
    `new ${name}`,
    'source',
    `what ${name}.open() reads`,
    given,
    `Write await ${name}.open(path)`,
  );
}
