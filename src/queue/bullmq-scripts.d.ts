// BullMQ ships its CommonJS scripts without types.
declare module 'bullmq/dist/cjs/scripts/*' {
  interface Script {
    readonly name: string;
    readonly content: string;
    readonly keys: number;
  }
  const scripts: { readonly [name in 'addDelayedJob' | 'addPrioritizedJob' | 'reprocessJob']: Script };
  export default scripts;
}
