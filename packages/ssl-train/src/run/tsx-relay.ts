import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';

/**
 * Whether the `tsx` command started this process (not `node --import tsx`). It passes signals on, and ends a program whose
 * thread is busy when one comes, as it is during a training step: it waits twice 30 ms for the program's word that it has
 * the signal, and then sends SIGKILL.
 *
 * Source: tsx 4, `src/utils/relay-signals.ts`.
 */
export function startedByTsx(execArgv: readonly string[]): boolean {
  return execArgv.some((argument) => /[\\/]tsx[\\/]dist[\\/]preflight\.\w+$/.test(argument));
}

/** Where `tsx` listens for that word. Source: tsx 4, `src/utils/ipc/get-pipe-path.ts` and `temporary-directory.ts`. */
function tsxPipe(): string {
  const user = process.geteuid?.() ?? userInfo().username;
  return join(tmpdir(), `tsx-${user}`, `${process.ppid}.pipe`);
}

/**
 * A process beside this one, idle, that has a terminal's signal too and gives `tsx` the word at once: a length in four
 * bytes, and JSON; again and again for a moment, since `tsx` does not listen before it has the signal itself. It ends with
 * this process, whose end of the pipe closes then.
 */
const answering = `
const socket = require('node:net').connect(process.argv[1], () => process.stdout.write('ready'));
socket.on('error', () => process.exit());
for (const signal of ['SIGINT', 'SIGTERM'])
  process.on(signal, () => {
    const word = Buffer.from(JSON.stringify({ type: 'signal', signal }));
    const length = Buffer.alloc(4);
    length.writeInt32BE(word.length, 0);
    const give = () => socket.write(Buffer.concat([length, word]));
    give();
    const again = setInterval(give, 5);
    setTimeout(() => clearInterval(again), 300);
  });
process.stdout.on('error', () => {});
process.stdin.resume().on('end', () => process.exit()).on('error', () => process.exit());
`;

/** Keeps `tsx` from killing a training in the middle of a step when Ctrl-C comes. */
export class TsxRelay {
  /** Settled once the word would be given, or never can be. */
  readonly ready: Promise<void> = Promise.resolve();
  readonly #answerer: ChildProcess | undefined;

  /** @param execArgv of the process; nothing is done unless `tsx` started it */
  constructor(execArgv: readonly string[] = process.execArgv) {
    const pipe = tsxPipe();
    if (process.platform === 'win32' || !startedByTsx(execArgv) || !existsSync(pipe)) return;
    // In the same process group, so that the terminal signals it; its own NODE_OPTIONS would load this program's hooks.
    const { NODE_OPTIONS: _, ...env } = process.env;
    const answerer = spawn(process.execPath, ['-e', answering, pipe], { stdio: ['pipe', 'pipe', 'ignore'], env });
    this.#answerer = answerer;
    // Where it cannot start, all is as without it.
    this.ready = new Promise((resolve) => {
      for (const event of ['error', 'exit']) answerer.once(event, () => resolve());
      answerer.stdout.once('data', () => {
        // It does not keep this process alive from here on.
        for (const part of [answerer, answerer.stdin, answerer.stdout] as unknown as { unref?: () => void }[])
          part.unref?.();
        resolve();
      });
    });
    answerer.on('error', () => {});
    answerer.stdin.on('error', () => {});
  }

  dispose(): void {
    this.#answerer?.kill('SIGKILL');
  }
}
