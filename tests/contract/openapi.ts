/** Checks recorded REST calls against Cloudflare's OpenAPI description. */
import Ajv, { type ErrorObject, type ValidateFunction } from 'ajv';
import addFormats from 'ajv-formats';
import { AUDIT_LOG } from './auditLog';
import { POSTURE } from './posture';
import type { RecordedCall } from './recorder';

type Schema = Record<string, unknown>;

interface Parameter {
  name: string;
  in: string;
  required?: boolean;
  explode?: boolean;
  schema: Schema;
}

interface Operation {
  parameters?: Array<Parameter | { $ref: string }>;
  responses: Record<string, unknown>;
}

/** A described operation that a call is one of. */
interface Match {
  template: string;
  operation: Operation;
}

interface Document {
  paths: Record<string, Record<string, Operation>>;
  components: { parameters: Record<string, Parameter>; schemas: Record<string, Schema> };
}

/** Sent although it is not described: the answer is described with `result_info`, so there may be further pages. */
const TOLERATED: Record<string, string[]> = {
  '/accounts/{account_id}/access/users/{user_id}/failed_logins': ['page'],
};

const ID = 'cloudflare';
const NUMBER = /^-?\d+(\.\d+)?$/;

export class OpenApi {
  private readonly document: Document;
  private readonly ajv = addFormats(new Ajv({ strict: false, allErrors: true }));

  constructor(text: string) {
    this.document = JSON.parse(text) as Document;
    Object.assign(this.document.paths, AUDIT_LOG, POSTURE);
    this.ajv.addSchema({ $id: ID, ...this.document });
  }

  /** What in the call is not as described; empty where all is. */
  problems(call: RecordedCall): string[] {
    const found = this.findOperation(call);
    if (!found) {
      return [`${call.method} ${call.path}: not described`];
    }
    const label = `${call.method} ${found.template}`;
    return [...this.requestProblems(call, found), ...this.responseProblems(call, found)].map(
      (problem) => `${label}: ${problem}`
    );
  }

  private findOperation(call: RecordedCall): Match | undefined {
    const method = call.method.toLowerCase();
    const matches = Object.keys(this.document.paths)
      .filter((template) => method in this.document.paths[template])
      .filter((template) => pattern(template).test(call.path))
      // A literal segment wins over a parameter.
      .sort((a, b) => a.split('{').length - b.split('{').length);
    const [template] = matches;
    return template === undefined ? undefined : { template, operation: this.document.paths[template][method] };
  }

  private requestProblems(call: RecordedCall, { template, operation }: Match): string[] {
    const parameters = (operation.parameters ?? []).map((parameter) => this.resolve(parameter));
    const known = parameters.filter((parameter) => parameter.in === 'query');
    const query = new URLSearchParams(call.query);
    return [...new Set(query.keys())].flatMap((name) => {
      const parameter = known.find((candidate) => candidate.name === name);
      if (parameter) {
        return this.valueProblems(parameter, query.getAll(name));
      }
      // Of most filters the description has the operator alone: country_codeOp says that there is a country_code.
      const isFilter = known.some((candidate) => candidate.name === `${name}Op`);
      return isFilter || TOLERATED[template]?.includes(name) ? [] : [`unknown query parameter ${name}`];
    });
  }

  private valueProblems(parameter: Parameter, values: string[]): string[] {
    const validate = this.ajv.compile(this.absolute(parameter.schema));
    const isArray = this.deref(parameter.schema).type === 'array';
    if (!isArray && values.length > 1) {
      return [`query parameter ${parameter.name} is repeated`];
    }
    const parsed = values.map(parse);
    // A text that looks like a number or a boolean may be meant as a text.
    const candidates = isArray ? [parsed, values] : [parsed[0], values[0]];
    return candidates.some((candidate) => validate(candidate))
      ? []
      : [`query parameter ${parameter.name}=${values.join(',')} ${describe(validate)}`];
  }

  private responseProblems(call: RecordedCall, { template, operation }: Match): string[] {
    const status = [String(call.status), `${Math.floor(call.status / 100)}XX`].find(
      (key) => key in operation.responses
    );
    if (status === undefined) {
      return [`status ${call.status} is not described`];
    }
    const pointer = ['paths', template, call.method.toLowerCase(), 'responses', status];
    const reference = [...pointer, 'content', 'application/json', 'schema'].map(escapePointer).join('/');
    const validate = this.ajv.compile({ $ref: `${ID}#/${reference}` });
    return validate(JSON.parse(call.responseBody)) ? [] : [`response ${call.status} ${describe(validate)}`];
  }

  private resolve(parameter: Parameter | { $ref: string }): Parameter {
    return '$ref' in parameter ? this.document.components.parameters[lastSegment(parameter.$ref)] : parameter;
  }

  private deref(schema: Schema): Schema {
    return typeof schema.$ref === 'string'
      ? this.deref(this.document.components.schemas[lastSegment(schema.$ref)])
      : schema;
  }

  private absolute(schema: Schema): Schema {
    return JSON.parse(JSON.stringify(schema).replaceAll('"#/', `"${ID}#/`)) as Schema;
  }
}

function pattern(template: string): RegExp {
  return new RegExp(`^${template.replaceAll(/\{[^}]+\}/g, '[^/]+')}$`);
}

function parse(value: string): unknown {
  return NUMBER.test(value) ? Number(value) : value === 'true' ? true : value === 'false' ? false : value;
}

function escapePointer(segment: string): string {
  return encodeURIComponent(segment.replaceAll('~', '~0').replaceAll('/', '~1'));
}

function lastSegment(reference: string): string {
  return reference.slice(reference.lastIndexOf('/') + 1);
}

function describe(validate: ValidateFunction): string {
  const text = ({ instancePath, message, params }: ErrorObject) =>
    `${instancePath} ${message} ${JSON.stringify(params)}`.trim();
  return [...new Set((validate.errors ?? []).map(text))].slice(0, 5).join('; ');
}
