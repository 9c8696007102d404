import { UnsupportedOpError } from '@selfsup/ssl-core';
import { userLine } from './user-line.js';

/**
 * Runs `body`, and gives the error of TF.js about a kernel that nobody registered for our backend (one of a user's own,
 * registered for another backend or after this package was loaded) a name, a line and a way out.
 */
export function namingUnknownKernels<R>(body: () => R): R {
  try {
    return body();
  } catch (error) {
    const stack = (error as Error | undefined)?.stack;
    const kernel = /[Kk]ernel '([^']+)' (?:not registered )?for backend/.exec(String(error))?.[1];
    if (kernel === undefined) throw error;
    throw new UnsupportedOpError(
      kernel,
      'is not a kernel that compile() knows',
      'Compute it outside the compiled function and pass the result in, or build it from other ops',
      userLine(stack),
    );
  }
}
