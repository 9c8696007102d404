import { InvalidOptionError } from '@selfsup/ssl-tensor/host';

const where = 'Trainer';

/**
 * What an observer returned, when it returned anything: numbers by name, which become an evaluation of the run.
 *
 * @throws InvalidOptionError for anything else: a tensor, an array or text would be kept as something that it is not
 */
export function checkMetrics(returned: unknown): Readonly<Record<string, number>> {
  const isRecord =
    typeof returned === 'object' &&
    returned !== null &&
    !Array.isArray(returned) &&
    !(returned instanceof Map) &&
    !('dataId' in returned);
  if (!isRecord) {
    const advice = 'To return nothing, put the body into braces: (event) => { seen.push(event); }';
    throw new InvalidOptionError(
      where,
      'observers',
      'functions that return numbers by name, or nothing',
      returned,
      advice,
    );
  }
  for (const [name, value] of Object.entries(returned as object) as [string, unknown][])
    if (typeof value !== 'number') {
      const advice = 'Read a tensor by (await tensor.data())[0], and give each number of several a name of its own';
      throw new InvalidOptionError(where, `the metric '${name}' of an observer`, 'a number', value, advice);
    }
  return returned as Readonly<Record<string, number>>;
}
