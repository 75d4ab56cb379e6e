/**
 * The account's audit log, which the excerpt of Cloudflare's description lacks: as its documentation and the types of
 * its npm package (resources/accounts/logs/audit) have it.
 */

const text = { type: 'string' };
const time = { type: 'string', format: 'date-time' };
const parameter = (name: string, schema: object, required = false) => ({ name, in: 'query', required, schema });
const object = (properties: object) => ({ type: 'object', properties });

/** Filters by exact value, each with a twin that leaves the value out. */
const FILTERS = [
  ...['id', 'actor_context', 'actor_email', 'actor_ip_address', 'actor_token_name', 'actor_type', 'raw_cf_ray_id'],
  ...['raw_method', 'raw_uri', 'resource_id', 'resource_product', 'resource_type'],
].flatMap((name) => [parameter(name, text), parameter(`${name}.not`, text)]);
const ACTIONS = { type: 'string', enum: ['create', 'delete', 'view', 'update'] };
const RESULTS = { type: 'string', enum: ['success', 'failure'] };

const ENTRY = object({
  id: text,
  account: object({ id: text, name: text }),
  action: object({ description: text, result: text, time, type: text }),
  actor: object({
    id: text,
    context: text,
    email: text,
    ip_address: text,
    token_id: text,
    token_name: text,
    type: text,
  }),
  raw: object({ cf_ray_id: text, method: text, status_code: { type: 'number' }, uri: text, user_agent: text }),
  resource: object({ id: text, product: text, scope: {}, type: text }),
});

export const AUDIT_LOG = {
  '/accounts/{account_id}/logs/audit': {
    get: {
      parameters: [
        parameter('since', time, true),
        parameter('before', time, true),
        parameter('direction', { type: 'string', enum: ['desc', 'asc'] }),
        parameter('limit', { type: 'number' }),
        parameter('cursor', text),
        ...['', '.not'].flatMap((twin) => [
          parameter(`action_type${twin}`, ACTIONS),
          parameter(`action_result${twin}`, RESULTS),
        ]),
        ...FILTERS,
      ],
      responses: {
        '200': {
          content: {
            'application/json': {
              schema: { ...object({ result: { type: 'array', items: ENTRY } }), required: ['success', 'result'] },
            },
          },
        },
      },
    },
  },
};
