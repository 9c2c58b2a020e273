import type { Request, RequestHandler, Response } from 'express';
import { AppError } from '../../domain/errors.ts';
import { clientOf } from '../../http/client-address.ts';
import { readBasic } from '../../http/credentials.ts';
import { publicPrefix } from '../../http/public-address.ts';
import type { ReportRefusal } from '../../http/refusals.ts';
import type { OperatorCredentials } from './credentials.ts';
import { type FailedSignIns, type SignInTry, tooManySignIns } from './failed-sign-ins.ts';

export const SESSION_COOKIE = 'pingui_operator';
export const SIGN_IN_PATH = '/admin/sign-in';

/**
 * Lets operators pass: by session cookie or Basic. A browser that opens a page is sent to the sign-in page where there
 * is one, everybody else gets 401.
 */
export function createOperatorGuard(deps: {
  credentials: OperatorCredentials;
  failures: FailedSignIns;
  reportRefusal: ReportRefusal;
  /** This server has SIGN_IN_PATH. */
  signInPage: boolean;
}): RequestHandler {
  const ways = deps.signInPage
    ? `sign in at ${SIGN_IN_PATH} or use Basic authentication`
    : 'use Basic authentication';
  return async (req, res, next) => {
    const session = readCookie(req, SESSION_COOKIE);
    if (session !== undefined && deps.credentials.isSession(session)) {
      next();
      return;
    }
    const basic = readBasic(req.headers.authorization);
    if (basic !== undefined) {
      const { isRight, isLimited } = await trySignIn(deps, req, basic);
      if (isRight) {
        next();
        return;
      }
      if (isLimited) throw tooManySignIns();
    } else if (deps.signInPage && opensPage(req)) {
      res.redirect(303, `${publicPrefix(req)}${SIGN_IN_PATH}?next=${encodeURIComponent(req.originalUrl)}`);
      return;
    }
    challenge(req, res);
    next(new AppError('unauthorized', `For operators only: ${ways}.`));
  };
}

/**
 * Looks at what was given, and reports it where it is refused.
 * @throws AppError rate_limited as FailedSignIns.attempt
 */
export async function trySignIn(
  deps: { credentials: OperatorCredentials; failures: FailedSignIns; reportRefusal: ReportRefusal },
  req: Request,
  given: { readonly user: string; readonly password: string },
): Promise<SignInTry> {
  try {
    const matches = () => deps.credentials.matches(given.user, given.password);
    const tried = await deps.failures.attempt(clientOf(req), matches);
    if (!tried.isRight) deps.reportRefusal(tried.isLimited ? 'sign_in_limit' : 'sign_in', req);
    return tried;
  } catch (error) {
    deps.reportRefusal('sign_in_limit', req);
    throw error;
  }
}

function challenge(req: Request, res: Response): void {
  // A browser's own password window over a page whose session ended helps nobody; an unknown scheme keeps it shut.
  // Only browsers send Sec-Fetch-Site; Node's fetch sends Sec-Fetch-Mode alone.
  const { 'sec-fetch-site': site, 'sec-fetch-mode': mode } = req.headers;
  const isPageScript = site !== undefined && mode !== 'navigate';
  const scheme = isPageScript ? 'Session' : 'Basic';
  res.setHeader('WWW-Authenticate', `${scheme} realm="pingui-alert operators", charset="UTF-8"`);
}

function opensPage(req: Request): boolean {
  const reads = req.method === 'GET' || req.method === 'HEAD';
  return reads && (req.headers.accept ?? '').includes('text/html');
}

function readCookie(req: Request, name: string): string | undefined {
  for (const pair of (req.headers.cookie ?? '').split(';')) {
    const [key, value] = pair.trim().split('=', 2);
    if (key === name) return value;
  }
  return undefined;
}
