import { type Beside, openBeside } from '../app/beside.ts';
import type { CommandDeps } from './command.ts';

/** Works with the use cases beside a running service, or without one. */
export async function withCore<T>(deps: CommandDeps, work: (beside: Beside) => Promise<T>): Promise<T> {
  const beside = await openBeside({ ...deps.setUp(), ...deps.process, clock: deps.clock });
  try {
    return await work(beside);
  } finally {
    await beside.close();
  }
}
