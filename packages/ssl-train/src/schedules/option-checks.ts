/** The checks of @selfsup/ssl-core under the path by which schedules and optimisers take them. */
export { checkInteger, checkNumber } from '@selfsup/ssl-core';
