import type { People } from './people.ts';
import type { DoubleState } from './state.ts';
import type { StoredMessage } from './types.ts';

/** The conversations, as they outlive a restart. */
export interface Snapshot {
  readonly language: string | undefined;
  readonly chats: readonly {
    readonly id: number;
    readonly nextMessageId: number;
    /** Oldest first. */
    readonly messages: readonly StoredMessage[];
  }[];
  /** Documents by their ids, in base64. */
  readonly files: Readonly<Record<string, string>>;
}

/** The newest messages with their documents, as many as fit into `maxLength` characters of JSON. */
export function takeSnapshot(state: DoubleState, people: Pick<People, 'you'>, maxLength: number): Snapshot {
  const files: Record<string, string> = {};
  const kept = new Set<StoredMessage>();
  const records = [...state.chats.values()];
  const newestFirst = records
    .flatMap(({ messages }) => [...messages.values()].reverse())
    .sort((a, b) => b.date - a.date);
  let length = 0;
  for (const message of newestFirst) {
    const fileId = message.document?.file_id;
    const content = fileId === undefined ? undefined : state.file(fileId)?.toString('base64');
    length += JSON.stringify(message).length + (content?.length ?? 0);
    if (length > maxLength) break;
    kept.add(message);
    if (fileId !== undefined && content !== undefined) files[fileId] = content;
  }
  return {
    language: people.you().language_code,
    chats: records.map(({ chat, nextMessageId, messages }) => ({
      id: chat.id,
      nextMessageId,
      messages: [...messages.values()].filter((message) => kept.has(message)),
    })),
    files,
  };
}

/** Into chats that are there; those that are not are left out. */
export function restoreSnapshot(state: DoubleState, people: Pick<People, 'speak'>, snapshot: Snapshot): void {
  for (const { id, messages, nextMessageId } of snapshot.chats) {
    const record = state.chats.get(id);
    if (record) state.restore(record, messages, nextMessageId);
  }
  for (const [fileId, content] of Object.entries(snapshot.files))
    state.saveFile(Buffer.from(content, 'base64'), fileId);
  if (snapshot.language !== undefined) people.speak(snapshot.language);
}
