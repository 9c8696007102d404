import type { JsonValue } from '@selfsup/ssl-train';

/** How to build an encoder again: a name that this package exports, and its options but for the key. */
export interface EncoderArchitecture {
  readonly builder: string;
  readonly options: Readonly<Record<string, JsonValue>>;
}
