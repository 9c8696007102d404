import { InvalidOptionError } from '@selfsup/ssl-tensor/host';

/** Weights that a twin's function must not reach for, while it runs: those of the module that it is the twin of. */
const foreign: ReadonlySet<object>[] = [];

/** Runs `body`; a look at one of the states meanwhile is an error. */
export function withoutStates<R>(states: ReadonlySet<object>, body: () => R): R {
  foreign.push(states);
  try {
    return body();
  } finally {
    foreign.pop();
  }
}

/** @throws InvalidOptionError inside {@link withoutStates} of `state` */
export function checkNotForeign(state: object): void {
  if (foreign.length === 0 || !foreign.some((states) => states.has(state))) return;
  throw new InvalidOptionError(
    'twinOf',
    'a function in a field',
    'one that takes its modules from its arguments',
    'one that holds the weights of the module that the twin was made of',
    'Make it a method, or give it the module as an argument, as the third of the features of a Classifier',
  );
}
