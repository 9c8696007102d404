import { stat } from 'node:fs/promises';

/** Whether there is a file at a path, or a link to one. */
export async function isFile(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isFile(),
    () => false,
  );
}
