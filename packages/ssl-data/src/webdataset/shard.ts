import type { HttpFile } from './http-source.js';

/** Where a shard is and how its bytes are told from another's; plain data. */
export type Shard =
  | { readonly kind: 'file'; readonly path: string; readonly size: number }
  | { readonly kind: 'url'; readonly file: HttpFile; readonly size: number };
