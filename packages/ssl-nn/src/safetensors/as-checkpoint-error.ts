import { CheckpointError, DataError } from '@selfsup/ssl-tensor/host';

/** What the file functions throw, as the error of this package; any other error as it is. */
export function asCheckpointError(error: unknown): unknown {
  if (!DataError.isInstance(error) || error.path === undefined) return error;
  const { path, message } = error;
  return new CheckpointError(message.slice(message.startsWith(`${path}: `) ? path.length + 2 : 0), {
    path,
    cause: error,
  });
}
