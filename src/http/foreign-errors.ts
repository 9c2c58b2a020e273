import { AppError } from '../domain/errors.ts';

/** What Express, its router and body-parser put on the errors of bad requests (http-errors). */
interface HttpError extends Error {
  readonly status: number;
  readonly type?: string;
  /** Of a body that is too large: bytes. */
  readonly limit?: number;
}

/**
 * Turns whatever was thrown into an AppError. Errors of Express and body-parser, which mean a bad request, get their
 * own code; everything else is `internal` with one fixed text. No foreign message is passed on: V8's and body-parser's
 * quote the body.
 */
export function toAppError(error: unknown): AppError {
  if (error instanceof AppError) return error;
  if (isHttpError(error)) return fromHttpError(error);
  return new AppError(
    'internal',
    'Something went wrong on our side. Try again; if the problem persists, contact the operator.',
    {
      cause: error,
    },
  );
}

function fromHttpError(error: HttpError): AppError {
  switch (error.type) {
    case 'entity.too.large':
      return new AppError(
        'payload_too_large',
        `The body is larger than ${Math.floor((error.limit ?? 0) / 1024)} kB. Send a smaller one.`,
      );
    case 'charset.unsupported':
      return new AppError('unsupported_media_type', 'This charset is not supported. Send UTF-8.');
    case 'encoding.unsupported':
      return new AppError(
        'unsupported_media_type',
        'This Content-Encoding is not supported. Send the body uncompressed, or as gzip, deflate or br.',
      );
    default:
      return fromStatus(error);
  }
}

function fromStatus(error: HttpError): AppError {
  if (error.status === 404) return new AppError('not_found', 'There is nothing at this address.');
  if (error.status === 413) return new AppError('payload_too_large', 'The request is too large.');
  if (error.status === 415)
    return new AppError('unsupported_media_type', 'This media type is not supported.');
  if (error instanceof URIError) {
    return new AppError('invalid_request', 'The address contains invalid percent-encoding.');
  }
  return new AppError('invalid_request', 'The request could not be read: its body is incomplete or damaged.');
}

function isHttpError(error: unknown): error is HttpError {
  if (!(error instanceof Error) || !('status' in error) || typeof error.status !== 'number') return false;
  const known = error instanceof URIError || ('expose' in error && error.expose === true);
  return known && error.status >= 400 && error.status < 500;
}
