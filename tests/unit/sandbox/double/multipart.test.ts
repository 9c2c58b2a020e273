import { expect, it } from 'vitest';
import { parseMultipart } from '../../../../src/sandbox/double/multipart.ts';

it('decodes fields and binary files', () => {
  const content = Buffer.from([0, 13, 10, 45, 45, 255]);
  const body = Buffer.concat([
    Buffer.from('--B\r\ncontent-disposition: form-data; name="chat_id"\r\n\r\n7\r\n--B\r\n'),
    Buffer.from(
      'Content-Disposition: form-data; name="document"; filename="a.bin"\r\nContent-Type: x/y\r\n\r\n',
    ),
    content,
    Buffer.from('\r\n--B--'),
  ]);
  expect(parseMultipart(body, 'B')).toEqual({
    chat_id: '7',
    document: { filename: 'a.bin', contentType: 'x/y', content },
  });
});
