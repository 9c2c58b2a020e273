import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { createApiDocument } from '../../src/api/openapi/document.ts';

export interface SeenAnswer {
  readonly method: string;
  /** With its query. */
  readonly path: string;
  readonly status: number;
  readonly contentType: string | undefined;
  readonly body: string;
}

type Json = Readonly<Record<string, unknown>>;

/** What the document says; loose, because it is walked by names. */
const document = JSON.parse(JSON.stringify(createApiDocument('0.0.0')));
const paths: Readonly<Record<string, Json>> = document.paths;

const ajv = new Ajv2020({ strict: false, allErrors: true });
addFormats.default(ajv);
ajv.addSchema(document, 'api');
const validators = new Map<string, ValidateFunction>();

/** With literal parts before those that stand for anything. */
const TEMPLATES = Object.keys(paths)
  .sort((a, b) => Number(a.includes('{')) - Number(b.includes('{')))
  .map((template) => ({
    template,
    form: new RegExp(`^${template.replace(/[.*+?^$()|[\]\\]/g, '\\$&').replace(/\{\w+\}/g, '[^/]+')}$`),
  }));

/** Why an answer of the API is not what its document says; undefined where it is. */
export function breachOf(answer: SeenAnswer): string | undefined {
  const path = answer.path.split('?', 1)[0] ?? '';
  const isDescribed = answer.method !== 'HEAD' && answer.method !== 'OPTIONS';
  if (!/^\/api(?:\/|$)/.test(path) || !isDescribed) return undefined;
  const found = TEMPLATES.find(({ form }) => form.test(path.replace(/\/$/, '')));
  const operation = found && paths[found.template]?.[answer.method.toLowerCase()];
  const where = `${answer.method} ${found?.template ?? path} → ${answer.status}`;
  if (found === undefined || operation === undefined) {
    // No such address or method, or too many requests, whatever they asked for: that, too, is said in the one form.
    const isSaid = [404, 405, 429].includes(answer.status);
    return isSaid ? undefined : `${where}: the document does not know this call`;
  }
  const { responses } = operation as { readonly responses: Json };
  const response = follow(responses[String(answer.status)]);
  if (response === undefined) return `${where}: the document does not know this status`;
  return bodyBreach(answer, where, response, `${found.template}/${answer.method.toLowerCase()}`);
}

function bodyBreach(answer: SeenAnswer, where: string, { node, pointer }: Followed, operation: string) {
  const { content } = node as { readonly content?: Json };
  if (content === undefined) return answer.body === '' ? undefined : `${where}: the document knows no body`;
  const type = (answer.contentType ?? '').split(';', 1)[0] ?? '';
  if (!(type in content)) return `${where}: the document does not know the type ${type}`;
  const schema =
    pointer === undefined
      ? `api#/paths/${operation.split('/').slice(0, -1).join('~1')}/${operation.split('/').at(-1)}/responses/${answer.status}/content/${type.replace('/', '~1')}/schema`
      : `api${pointer}/content/${type.replace('/', '~1')}/schema`;
  const validate = validators.get(schema) ?? ajv.compile({ $ref: encodeURI(schema) });
  validators.set(schema, validate);
  if (validate(JSON.parse(answer.body))) return undefined;
  return `${where}: ${ajv.errorsText(validate.errors)} in ${answer.body.slice(0, 500)}`;
}

interface Followed {
  readonly node: unknown;
  /** Where it is, if it was a reference. */
  readonly pointer: string | undefined;
}

function follow(node: unknown): Followed | undefined {
  if (node === undefined) return undefined;
  const { $ref } = node as { readonly $ref?: string };
  if ($ref === undefined) return { node, pointer: undefined };
  const target = $ref
    .slice(2)
    .split('/')
    .reduce((value, name) => value?.[name], document);
  return target && { node: target, pointer: $ref };
}
