import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { downloadFile, WebDataset } from '@selfsup/ssl-data';
import type { Outcome, PlayCase } from '../kind.js';
import { mustRefuse } from '../settled.js';
import { playNamed } from './named-cases.js';

type Answer = (response: ServerResponse) => void;

/** Ten bytes a second, for as long as anybody listens. */
const trickle: Answer = (response) => {
  response.writeHead(200, { 'content-length': String(10 ** 6) });
  const timer = setInterval(() => response.write('x'), 100);
  response.on('close', () => clearInterval(timer));
};

/** More than anybody asked for, as fast as it goes. */
const flood: Answer = (response) => {
  response.writeHead(200);
  const piece = Buffer.alloc(2 ** 20);
  const more = (): void => {
    while (!response.destroyed && response.write(piece));
    if (!response.destroyed) response.once('drain', more);
  };
  more();
};

async function served(answer: Answer, use: (url: string) => Promise<Outcome>): Promise<Outcome> {
  const server: Server = createServer((_, response) => answer(response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    return await use(`http://127.0.0.1:${(server.address() as AddressInfo).port}/a.tar`);
  } finally {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
}

/** Quick to give up, and no limit on the whole but the program's own. */
const http = { retries: 1, retryDelayMs: 10, timeoutMs: 2000 };

/** Servers that do not want to be done with. */
export async function openRemote(base: string): Promise<PlayCase> {
  const opened =
    (answer: Answer) =>
    (folder: string): Promise<Outcome> =>
      served(answer, (url) =>
        mustRefuse(() => WebDataset.open(url, { http, cache: { folder: join(folder, 'cache'), maxBytes: 2 ** 26 } })),
      );
  const downloaded =
    (answer: Answer) =>
    (folder: string): Promise<Outcome> =>
      served(answer, (url) =>
        mustRefuse(() => downloadFile(url, join(folder, 'a.tar'), { ...http, maxBytes: 2 ** 26 })),
      );
  return playNamed(base, {
    'a shard without an end': opened(flood),
    'a download without an end': downloaded(flood),
    'a server that never answers': opened(() => {}),
    'a shard at 10 bytes a second': opened(trickle),
    'a download at 10 bytes a second': downloaded(trickle),
  });
}
