import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join, normalize } from 'node:path';

/** A server on this machine that answers as an object store does: whole objects, and ranges of them, with ETags. */
export interface FolderServer {
  /** `http://host:port` */
  readonly origin: string;
  /** Requests so far: path and range. */
  readonly requests: readonly string[];
  close(): Promise<void>;
}

/**
 * Serves the files of a folder.
 *
 * @param beforeAnswer called with each request's path; the answer waits for it
 */
export async function serveFolder(
  root: string,
  beforeAnswer: (path: string) => Promise<void> | void = () => {},
): Promise<FolderServer> {
  const requests: string[] = [];
  const server = createServer((request, response) => {
    void (async () => {
      const { pathname } = new URL(request.url ?? '/', 'http://host');
      const { range } = request.headers;
      requests.push(range === undefined ? pathname : `${pathname} ${range}`);
      await beforeAnswer(pathname);
      const path = join(root, normalize(pathname));
      const found = await stat(path).catch(() => undefined);
      if (found?.isFile() !== true) return void response.writeHead(404).end();
      const headers = { etag: `"${found.size}-${found.mtimeMs}"`, 'accept-ranges': 'bytes' };
      const parts = /^bytes=(\d+)-(\d*)$/.exec(range ?? '');
      const start = Number(parts?.[1] ?? 0);
      const end = parts?.[2] ? Number(parts[2]) : found.size - 1;
      response.writeHead(parts === null ? 200 : 206, {
        ...headers,
        'content-length': String(end - start + 1),
        ...(parts === null ? {} : { 'content-range': `bytes ${start}-${end}/${found.size}` }),
      });
      createReadStream(path, { start, end }).pipe(response);
    })();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
