import express, { type Request, type RequestHandler, type Response, Router } from 'express';
import { AppError } from '../../domain/errors.ts';
import { toAppError } from '../../http/foreign-errors.ts';
import { methodNotAllowed } from '../../http/method-not-allowed.ts';
import { PROBLEMS } from '../../http/problems.ts';
import { publicPrefix } from '../../http/public-address.ts';
import type { ReportRefusal } from '../../http/refusals.ts';
import type { OperatorCredentials } from './credentials.ts';
import { type FailedSignIns, tooManySignIns } from './failed-sign-ins.ts';
import { SESSION_COOKIE, SIGN_IN_PATH, trySignIn } from './guard.ts';
import { refuseCrossSite } from './same-site.ts';
import { renderSignIn, renderSignOut } from './sign-in-page.ts';

const HOME = '/admin';

/** Everything below /admin: sign-in and sign-out for everybody, all else behind the guard. */
export function createOperatorRoutes(deps: {
  credentials: OperatorCredentials;
  failures: FailedSignIns;
  reportRefusal: ReportRefusal;
  guard: RequestHandler;
  board: RequestHandler;
  overview: RequestHandler;
  alerts: RequestHandler;
  /** The headers of our own pages, which need less than the board's. */
  strict: RequestHandler;
}): Router {
  const router = Router();
  router.use(refuseCrossSite);

  async function signIn(req: Request, res: Response): Promise<void> {
    const form = readForm(req);
    const tried = await trySignIn(deps, req, form).catch(toAppError);
    if (tried instanceof AppError || tried.isLimited) {
      const limit = tried instanceof AppError ? tried : tooManySignIns();
      res.setHeader('Retry-After', String(limit.retryAfterSeconds ?? 60));
      res.status(PROBLEMS[limit.code].status).type('html').send(renderSignIn(form.next, limit.detail));
      return;
    }
    if (!tried.isRight) {
      res.status(401).setHeader('WWW-Authenticate', 'Session realm="pingui-alert operators"');
      res.type('html').send(renderSignIn(form.next, 'Wrong name or password.'));
      return;
    }
    const session = deps.credentials.issueSession();
    setSession(req, res, session.value, session.maxAgeSeconds);
    res.redirect(303, `${publicPrefix(req)}${form.next}`);
  }

  router
    .route('/sign-in')
    .get((req, res) => {
      res.type('html').send(renderSignIn(ownPage(req.query.next), undefined));
    })
    .post(express.urlencoded({ extended: false, limit: '4kb' }), signIn)
    .all(methodNotAllowed('GET', 'POST'));
  router
    .route('/sign-out')
    .get((_req, res) => {
      res.type('html').send(renderSignOut());
    })
    .post((req, res) => {
      setSession(req, res, '', 0);
      res.redirect(303, `${publicPrefix(req)}${SIGN_IN_PATH}`);
    })
    .all(methodNotAllowed('GET', 'POST'));

  router.use(deps.guard);
  router.use('/queues', deps.board);
  router.use('/alerts', deps.strict, deps.alerts);
  router.use(deps.strict, deps.overview);
  return router;
}

function setSession(req: Request, res: Response, value: string, maxAgeSeconds: number): void {
  res.cookie(SESSION_COOKIE, value, {
    httpOnly: true,
    sameSite: 'strict',
    secure: req.secure,
    maxAge: maxAgeSeconds * 1000,
  });
}

function readForm(req: Request): { user: string; password: string; next: string } {
  const form: Record<string, unknown> = typeof req.body === 'object' && req.body !== null ? req.body : {};
  const word = (name: string): string => (typeof form[name] === 'string' ? form[name] : '');
  return { user: word('user'), password: word('password'), next: ownPage(form.next) };
}

/** Only our own operator pages: the sign-in must not send anybody elsewhere. */
function ownPage(next: unknown): string {
  return typeof next === 'string' && /^(?!.*\.\.)\/(?:admin|metrics)(?:[/?][\w\-./?=&%]*)?$/.test(next)
    ? next
    : HOME;
}
