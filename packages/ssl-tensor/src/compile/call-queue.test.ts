import { expect, it } from 'vitest';
import { CallQueue, type Claim } from './call-queue.js';

const [v, w] = [{}, {}];
const claim = (reads: readonly object[], writes: readonly object[]): Claim => ({
  reads: new Set(reads),
  writes: new Set(writes),
});

/** Starts calls that each wait aside for as many turns of the event loop; the order in which things happen. */
async function orderOf(calls: readonly (readonly [string, Claim | 'everything', number])[]): Promise<string[]> {
  const queue = new CallQueue();
  const order: string[] = [];
  await Promise.all(
    calls.map(([name, wanted, turns]) =>
      queue.run(async (turn) => {
        await turn.claim(wanted);
        order.push(`${name} starts`);
        await Promise.resolve();
        for (let i = 0; i < turns; i++) await turn.aside(() => new Promise((resolve) => setImmediate(resolve)));
        order.push(`${name} ends`);
      }),
    ),
  );
  return order;
}

it('runs what does not wait aside one after the other', async () => {
  expect(
    await orderOf([
      ['a', claim([], []), 0],
      ['b', claim([], []), 0],
    ]),
  ).toEqual(['a starts', 'a ends', 'b starts', 'b ends']);
});

it('lets what is not concerned go on, readers beside each other, and writers not', async () => {
  expect(
    await orderOf([
      ['a', claim([v], []), 3],
      ['b', claim([v], [w]), 1],
      ['c', claim([w], []), 0],
      ['d', claim([], [v]), 0],
      ['e', claim([{}], [{}]), 0],
    ]),
  ).toEqual([
    'a starts',
    'b starts',
    'e starts',
    'e ends',
    'b ends',
    'c starts',
    'c ends',
    'a ends',
    'd starts',
    'd ends',
  ]);
});

it('keeps the order of calls that meet one which itself waits', async () => {
  expect(
    await orderOf([
      ['a', claim([], [v]), 2],
      ['b', claim([v], [w]), 1],
      ['c', claim([w], []), 0],
    ]),
  ).toEqual(['a starts', 'a ends', 'b starts', 'b ends', 'c starts', 'c ends']);
});

it('lets nothing pass one that meets everything', async () => {
  expect(
    await orderOf([
      ['a', claim([], [v]), 2],
      ['all', 'everything', 1],
      ['b', claim([], [w]), 0],
    ]),
  ).toEqual(['a starts', 'a ends', 'all starts', 'all ends', 'b starts', 'b ends']);
});

it('goes on after a failure, before or after the claim', async () => {
  const queue = new CallQueue();
  const failures = [
    queue.run(() => Promise.reject(new TypeError('early'))),
    queue.run(async (turn) => {
      await turn.claim(claim([], [v]));
      await turn.aside(() => Promise.reject(new TypeError('aside')));
    }),
  ];
  const last = queue.run(async (turn) => {
    await turn.claim('everything');
    return 1;
  });
  await expect(failures[0]).rejects.toThrow('early');
  await expect(failures[1]).rejects.toThrow('aside');
  expect(await last).toBe(1);
});
