import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { RequestHandler } from 'express';
import * as z from 'zod';

/** Where the board's page fetches its texts, below the mount path. */
export const WORDS_PATH = '/static/locales/:language/messages.json';

const WARNING =
  'An uncertain alert may already have reached Telegram. If you send it again, it may arrive twice.';

/** As much of the texts as we touch: the question that a click on a job's "retry" asks. */
const WordsSchema = z.looseObject({
  JOB: z.looseObject({ ACTIONS: z.looseObject({ CONFIRM: z.looseObject({ RETRY: z.string() }) }) }),
});

/**
 * The board's texts, with our warning below the question that a click on "retry" asks. There is no option for it, but
 * the texts are JSON files that the page fetches by name. One of another form is left to the board, without a warning.
 * @param files the folder of the board's files
 */
export function createBoardWords(files: string): RequestHandler<{ language: string }> {
  return async (req, res, next) => {
    const { language } = req.params;
    if (!/^[a-z]{2}-[A-Z]{2}$/.test(language)) return next();
    const text = await readFile(join(files, 'locales', language, 'messages.json'), 'utf8').catch(
      () => 'null',
    );
    const words = WordsSchema.safeParse(JSON.parse(text));
    if (!words.success) return next();
    const { CONFIRM } = words.data.JOB.ACTIONS;
    CONFIRM.RETRY += `\n\n${WARNING}`;
    res.json(words.data);
  };
}
