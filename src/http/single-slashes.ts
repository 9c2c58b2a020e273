import type { RequestHandler } from 'express';

/** `//api/alert` is `/api/alert`: a base address that ends with a slash must not cost an alert. Queries stay. */
export const singleSlashes: RequestHandler = (req, _res, next) => {
  if (req.url.includes('//')) {
    const [path = '', ...query] = req.url.split(/(?=\?)/);
    if (path.startsWith('/')) {
      req.url = path.replaceAll(/\/{2,}/g, '/') + query.join('');
      req.originalUrl = req.url;
    }
  }
  next();
};
