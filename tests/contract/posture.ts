/**
 * The list of device posture rules, which the excerpt of Cloudflare's description lacks: as the types of its npm package
 * (resources/zero-trust/devices/posture) have it. It takes no parameters and has a single page.
 */
export const POSTURE = {
  '/accounts/{account_id}/devices/posture': {
    get: {
      parameters: [],
      responses: {
        '200': {
          content: {
            'application/json': {
              schema: {
                type: 'object',
                required: ['success', 'result'],
                properties: {
                  success: { type: 'boolean' },
                  result: {
                    type: 'array',
                    items: {
                      type: 'object',
                      properties: { id: { type: 'string' }, name: { type: 'string' }, type: { type: 'string' } },
                    },
                  },
                },
              },
            },
          },
        },
      },
    },
  },
};
