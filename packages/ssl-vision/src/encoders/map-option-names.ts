import type { MapOptions } from '@selfsup/ssl-nn';
import type { OptionNames } from '@selfsup/ssl-tensor/host';

/** Names of {@link MapOptions}. */
export const mapOptionNames: OptionNames<MapOptions> = { stages: 'optional' };
