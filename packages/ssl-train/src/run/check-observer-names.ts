import { InvalidOptionError } from '@selfsup/ssl-tensor/host';
import type { TrainerObserver } from '../observers/trainer-observer.js';

/** @throws InvalidOptionError where two have one name, or one with a state has none */
export function checkObserverNames(where: string, observers: readonly TrainerObserver[]): void {
  const seen = new Set<string>();
  observers.forEach((observer, index) => {
    const { name } = observer;
    const option = `observers[${index}].name`;
    const hasState = observer.state !== undefined;
    if (hasState !== (observer.restore !== undefined))
      throw new InvalidOptionError(where, `observers[${index}]`, 'both state and restore, or neither', 'one of them');
    if (name === undefined) {
      if (!hasState) return;
      throw new InvalidOptionError(where, option, 'given, since it has a state to save', undefined);
    }
    if (typeof name !== 'string' || name === '') throw new InvalidOptionError(where, option, 'a name', name);
    if (seen.has(name)) throw new InvalidOptionError(where, option, 'unique among the observers', name);
    seen.add(name);
  });
}
