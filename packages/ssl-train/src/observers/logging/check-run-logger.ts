import { InvalidOptionError } from '@selfsup/ssl-tensor/host';

const needed = ['open', 'scalars', 'close'] as const;
const possible = ['histogram', 'image', 'text', 'flush', 'state', 'restore'] as const;

/** @throws InvalidOptionError for what is no `RunLogger`, or lacks a part of one */
export function checkRunLogger(where: string, logger: unknown): void {
  if (typeof logger !== 'object' || logger === null || 'then' in logger || Array.isArray(logger)) {
    const advice = Array.isArray(logger)
      ? 'Of several, each is an observer: observers: loggers.map((logger) => logTo(logger))'
      : 'Such as csvLog(path)';
    throw new InvalidOptionError(where, 'logger', 'a RunLogger', logger, advice);
  }
  const given = logger as Readonly<Record<string, unknown>>;
  const name = given['name'];
  if (typeof name !== 'string' || name === '')
    throw new InvalidOptionError(where, 'logger.name', 'a name of its own', name);
  for (const method of needed)
    if (typeof given[method] !== 'function')
      throw new InvalidOptionError(where, `logger.${method}`, 'a function', given[method]);
  for (const method of possible)
    if (given[method] !== undefined && typeof given[method] !== 'function')
      throw new InvalidOptionError(where, `logger.${method}`, 'a function, or not there', given[method]);
  if ((given['state'] === undefined) !== (given['restore'] === undefined))
    throw new InvalidOptionError(where, 'logger', 'one with both state and restore, or neither', 'one of them');
}
