import { parentOf, programOf } from '../redis/private/process-info.ts';

/** Milliseconds between looks: a service whose npm is gone stops within a second. */
const LOOK_MS = 500;
const SHELL = /^(?:ba|da|a|z|k)?sh$/;

/**
 * Tells once when the npm that started this process is gone. npm runs a script through a shell, and passes signals on to
 * that shell at best: on SIGTERM (npm 11) the shell dies without a word to us, on SIGHUP and SIGKILL it lives on. So both
 * are watched, npm as the shell's parent where there is a /proc. Started by anything else, nothing is watched: whoever
 * puts a service into the background with nohup means it to outlive its shell. The watch keeps no process alive.
 */
export function watchLauncher(deps: {
  /** `process`. */
  readonly host: { readonly ppid: number };
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly onGone: () => void;
}): void {
  const { host, env } = deps;
  if (env.npm_lifecycle_event === undefined) return;
  const parent = host.ppid;
  const npm = SHELL.test(programOf(parent)) ? parentOf(parent) : undefined;
  const timer = setInterval(() => {
    if (host.ppid === parent && (npm === undefined || parentOf(parent) === npm)) return;
    clearInterval(timer);
    deps.onGone();
  }, LOOK_MS);
  timer.unref();
}
