import { printable } from '../printable.js';

const marker = Symbol.for('ssl.error');

/**
 * Base class of every error that crosses a package border.
 *
 * `instanceof` fails when two copies of a package are installed, so use {@link SslError.isInstance}.
 *
 * Messages name files, keys and classes of strangers and end on terminals, so what a terminal would obey stands in them as
 * an escape; line ends and tabs stay.
 */
export class SslError extends Error {
  static readonly code: string = 'SSL_ERROR';
  readonly [marker] = true;
  /** Stable machine-readable identifier, for example `SSL_SHAPE`. */
  readonly code: string;

  constructor(message: string, options?: ErrorOptions) {
    super(message.replaceAll(/[^\n\t]+/g, printable), options);
    this.name = new.target.name;
    this.code = (new.target as typeof SslError).code;
  }

  /** True for an error of this class or of a subclass, also when it comes from another copy of the package. */
  static isInstance<T extends SslError>(this: ErrorClass<T>, value: unknown): value is T {
    if (!(value instanceof Error) || (value as { [marker]?: boolean })[marker] !== true) return false;
    return this.code === 'SSL_ERROR' || (value as SslError).code === this.code || value instanceof this;
  }
}

/** Any subclass, whatever its constructor takes. */
type ErrorClass<T extends SslError> = (abstract new (...args: never[]) => T) & { readonly code: string };
