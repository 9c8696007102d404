import { CheckpointError } from '@selfsup/ssl-tensor/host';

/** A checkpoint is there and not whole: cut, changed, or on a part of the disk that cannot be read. */
export class DamagedCheckpointError extends CheckpointError {
  static override readonly code: string = 'SSL_DAMAGED_CHECKPOINT';
}
