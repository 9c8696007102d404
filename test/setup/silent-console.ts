import { afterAll, afterEach } from 'vitest';

/** TF.js greets whoever first writes to its plain JavaScript backend, which the tests use as their oracle. */
const greeting = /looks like you are running TensorFlow\.js in Node\.js/;

const seen: string[] = [];
const record = (source: string, text: string) => {
  if (!greeting.test(text)) seen.push(`${source}: ${text}`);
};

for (const method of ['debug', 'info', 'log', 'warn', 'error'] as const) {
  console[method] = (...values: readonly unknown[]) => record(`console.${method}`, values.map(String).join(' '));
}
process.on('warning', ({ name, message }) => record('process warning', `${name}: ${message}`));

function refuseOutput(): void {
  const output = seen.splice(0);
  if (output.length > 0)
    throw new Error(`A test wrote to the console. Assert the output, or remove its cause.\n${output.join('\n')}`);
}

afterEach(refuseOutput);
afterAll(refuseOutput);
