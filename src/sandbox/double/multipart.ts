import type { UploadedFile } from './types.ts';

const BLANK_LINE = Buffer.from('\r\n\r\n');

/**
 * Decodes `multipart/form-data`: fields as strings, files as {@link UploadedFile}. Written for trusted test traffic;
 * the body is bounded by the caller.
 */
export function parseMultipart(body: Buffer, boundary: string): Record<string, string | UploadedFile> {
  const mark = Buffer.from(`--${boundary}`);
  const fields: Record<string, string | UploadedFile> = {};
  let start = body.indexOf(mark);
  while (start >= 0) {
    const next = body.indexOf(mark, start + mark.length);
    if (next < 0) break;
    // Skips the line end after the boundary, and leaves out the one that belongs to the next boundary.
    const part = body.subarray(start + mark.length + 2, next - 2);
    const split = part.indexOf(BLANK_LINE);
    if (split >= 0) {
      const head = part.subarray(0, split).toString('utf8');
      const content = part.subarray(split + BLANK_LINE.length);
      const name = /[;\s]name="([^"]*)"/i.exec(head)?.[1];
      const filename = /filename="([^"]*)"/i.exec(head)?.[1];
      const contentType = /^content-type:\s*(.+)$/im.exec(head)?.[1]?.trim() ?? 'application/octet-stream';
      if (name !== undefined)
        fields[name] = filename === undefined ? content.toString('utf8') : { filename, contentType, content };
    }
    start = next;
  }
  return fields;
}
