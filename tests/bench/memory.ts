import { readFileSync } from 'node:fs';

/** Resident memory of a process, in MB (2^20 bytes). */
export interface Memory {
  readonly memoryMb: number;
  /** The most that it ever was. */
  readonly peakMemoryMb: number;
}

/** Reads /proc (Linux): VmRSS and its high-water mark VmHWM. @throws Error when the process has ended */
export function readMemory(pid: number): Memory {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const megabytes = (name: string) =>
    Math.round(Number(new RegExp(`${name}:\\s+(\\d+) kB`).exec(status)?.[1]) / 1_024);
  return { memoryMb: megabytes('VmRSS'), peakMemoryMb: megabytes('VmHWM') };
}
