/**
 * An alert's markup was not parsed within its limit of time: its plain form is shown instead. A busier machine may
 * decide otherwise, so whoever sends the parts has to remember the form.
 */
export class RenderLimitError extends Error {
  override readonly name = 'RenderLimitError';
}
