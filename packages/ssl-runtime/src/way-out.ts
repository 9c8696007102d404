import { runtimePlatforms } from './runtime-platforms.js';

/** A machine, as far as it matters to a library that does not load. */
export interface Machine {
  readonly platform: string;
  readonly arch: string;
  /** Linux with another C library, such as Alpine's musl. */
  readonly withoutGlibc: boolean;
}

function thisMachine(): Machine {
  const { header } = process.report.getReport() as unknown as { header: { glibcVersionRuntime?: string } };
  const { platform, arch } = process;
  return { platform, arch, withoutGlibc: platform === 'linux' && header.glibcVersionRuntime === undefined };
}

/** What is wrong where the runtime's binding did not load, and what to do. */
export function wayOutOf(cause: unknown, machine = thisMachine()): readonly [problem: string, wayOut: string] {
  const here = `${machine.platform} ${machine.arch}`;
  const message = (cause instanceof Error ? cause.message : String(cause)).split('\n')[0]!.trim();
  if (!runtimePlatforms.includes(here))
    return [`there are no libraries for ${here}`, `There are for ${runtimePlatforms.join(', ')}`];
  if (machine.withoutGlibc)
    return [
      'it needs glibc, and this system has another C library',
      'In a container, take a Debian image such as node:22-slim instead of Alpine',
    ];
  if (/GLIBC(?:XX)?_[\d.]+' not found/.test(message))
    return [
      message,
      'This system is too old for it: take one with glibc 2.28 or later, such as Debian 11 or Ubuntu 20.04',
    ];
  if (machine.platform === 'win32' && message.includes('specified module could not be found'))
    return [message, "Install Microsoft's Visual C++ Redistributable (vc_redist), which its libraries need"];
  if ((cause as { code?: unknown } | null)?.code === 'MODULE_NOT_FOUND')
    return [message, 'The installation is not whole: delete node_modules and install again'];
  return [message, 'Delete node_modules and install again'];
}
