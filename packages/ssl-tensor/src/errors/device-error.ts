import { SslError } from '@selfsup/ssl-core';

/** A device was asked for that is not there. */
export class DeviceError extends SslError {
  static override readonly code: string = 'SSL_DEVICE';
  /** Name of the device, such as 'webgpu'. */
  readonly device: string;

  /** @param wayOut what to install or set, and what works without */
  constructor(device: string, problem: string, wayOut: string, options?: ErrorOptions) {
    super(`device '${device}' ${problem}. ${wayOut}`, options);
    this.device = device;
  }
}
