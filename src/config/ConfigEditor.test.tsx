import { type DataSourceSettings } from '@grafana/data';
import { config, setBackendSrv, type BackendSrv } from '@grafana/runtime';
import { fireEvent, render, screen, waitFor, within } from '@testing-library/react';
import React, { useState } from 'react';

import { catalogue, QUERY_TYPES } from '../../catalogue';
import { layOut, person } from '../testing/editor';
import { GUARDED_RESOURCES, type AccessOptions, type AccessSecrets } from '../types';
import { ConfigEditor } from './ConfigEditor';
import { LIST_PERMISSIONS } from './permissions';

type Options = DataSourceSettings<AccessOptions, AccessSecrets>;

function renderConfig(initial: Partial<Options> = {}) {
  let current = { uid: 'u1', jsonData: {}, secureJsonFields: {}, ...initial } as Options;
  function Host() {
    const [options, setOptions] = useState(current);
    const change = (next: Options) => {
      current = next;
      setOptions(next);
    };
    return <ConfigEditor options={options} onOptionsChange={change} />;
  }
  render(<Host />);
  return { user: person(), options: () => current };
}

/** Radio buttons carry names like those of the inputs that they show. */
const inputs = { selector: 'input:not([type=radio])' };

const ACCOUNT = '0123456789abcdef0123456789abcdef';

beforeEach(layOut);

describe('account', () => {
  it('is chosen from those that the saved token reaches', async () => {
    const get = jest.fn().mockResolvedValue([{ text: 'Example Ltd', value: ACCOUNT }]);
    setBackendSrv({ get } as unknown as BackendSrv);
    const { user, options } = renderConfig();
    await user.click(screen.getByRole('combobox', { name: 'Account ID' }));
    await user.click(await screen.findByRole('option', { name: /Example Ltd/ }));
    expect(options().jsonData.accountId).toBe(ACCOUNT);
    expect(get.mock.calls[0][0]).toBe('/api/datasources/uid/u1/resources/accounts');
  });

  it('is typed where the list cannot be had, and is checked in place', async () => {
    setBackendSrv({ get: jest.fn().mockRejectedValue({ data: { message: 'no token yet' } }) } as unknown as BackendSrv);
    const { user, options } = renderConfig();
    const input = screen.getByRole('combobox', { name: 'Account ID' });
    await user.click(input);
    expect(await screen.findByText('No suggestions: no token yet')).toBeInTheDocument();
    await user.keyboard('not an id');
    await user.tab();
    expect(screen.getByText(/An account ID has 32 hexadecimal digits/)).toBeInTheDocument();
    await user.clear(input);
    await user.type(input, ` ${ACCOUNT.toUpperCase()} `);
    await user.tab();
    expect(options().jsonData.accountId).toBe(ACCOUNT);
    expect(screen.queryByText(/An account ID has 32 hexadecimal digits/)).not.toBeInTheDocument();
  });
});

describe('secrets', () => {
  it('are sent as secure data only', async () => {
    const { user, options } = renderConfig();
    await user.type(screen.getByLabelText(/^API token/, inputs), 'secret');
    expect(options().secureJsonData).toEqual({ apiToken: 'secret' });
    expect(JSON.stringify(options().jsonData)).not.toContain('secret');
  });

  it('show that they are configured, and can be reset', async () => {
    const { user, options } = renderConfig({ secureJsonFields: { apiToken: true } });
    expect(screen.getByLabelText(/^API token/, inputs)).toHaveValue('configured');
    expect(screen.getByLabelText(/^API token/, inputs)).toBeDisabled();
    await user.click(screen.getByRole('button', { name: 'Reset' }));
    expect(options().secureJsonFields).toEqual({ apiToken: false });
    expect(screen.getByLabelText(/^API token/, inputs)).toBeEnabled();
  });

  it('are an email and a key where the method is that', async () => {
    const { user, options } = renderConfig({ jsonData: { accountId: ACCOUNT } });
    await user.click(screen.getByRole('radio', { name: 'Email and API key' }));
    await user.type(screen.getByLabelText(/^Email/, inputs), 'admin@example.com');
    await user.type(screen.getByLabelText(/^Global API key/, inputs), 'key');
    expect(options().jsonData).toEqual({ accountId: ACCOUNT, authType: 'apiKey', email: 'admin@example.com' });
    expect(options().secureJsonData).toEqual({ apiKey: 'key' });
    expect(screen.queryByLabelText(/^API token/, inputs)).not.toBeInTheDocument();
  });
});

describe('another host for the API', () => {
  const saved = { secureJsonFields: { apiToken: true, apiKey: true, maskKey: true }, jsonData: { apiUrl: '' } };

  it('takes the saved secrets out, so that whoever changes it has to know them', async () => {
    const { user, options } = renderConfig(saved);
    await user.type(screen.getByLabelText(/^API URL/, inputs), 'https://proxy.example.com');
    expect(options().secureJsonFields).toEqual({ apiToken: false, apiKey: false, maskKey: true });
    expect(options().secureJsonData).toEqual({ apiToken: '', apiKey: '' });
    await user.type(screen.getByLabelText(/^API token/, inputs), 'secret');
    expect(options().secureJsonData).toEqual({ apiToken: 'secret', apiKey: '' });
  });

  it('is not another path', () => {
    const { options } = renderConfig(saved);
    const input = screen.getByLabelText(/^API URL/, inputs);
    fireEvent.change(input, { target: { value: 'https://api.cloudflare.com/client/v5' } });
    expect(options().jsonData.apiUrl).toBe('https://api.cloudflare.com/client/v5');
    expect(options().secureJsonFields).toEqual(saved.secureJsonFields);
  });
});

describe('roles', () => {
  it('are set and taken out by query type and list', async () => {
    const { user, options } = renderConfig({ jsonData: { minRoles: { users: 'Admin' } } });
    await user.click(screen.getByRole('combobox', { name: catalogue.failed_logins.title }));
    await user.click(await screen.findByRole('option', { name: 'Editors' }));
    await waitFor(() => expect(options().jsonData.minRoles).toEqual({ users: 'Admin', failed_logins: 'Editor' }));
    for (const name of [catalogue.failed_logins.title, 'List of users']) {
      await user.click(screen.getByRole('combobox', { name }));
      await user.click(await screen.findByRole('option', { name: 'Everybody' }));
    }
    await waitFor(() => expect(options().jsonData.minRoles).toBeUndefined());
  });

  it('can be set for all that there is', () => {
    renderConfig();
    const roles = within(screen.getByRole('region', { name: 'Roles' }));
    expect(roles.getAllByRole('combobox')).toHaveLength(QUERY_TYPES.length + GUARDED_RESOURCES.length);
  });
});

describe('forgetting what is cached', () => {
  async function forget(post: jest.Mock) {
    setBackendSrv({ post } as unknown as BackendSrv);
    const { user } = renderConfig();
    await user.click(screen.getByRole('button', { name: 'Forget what is cached' }));
    expect(post).not.toHaveBeenCalled();
    await user.click(screen.getByRole('button', { name: 'Forget everything' }));
  }

  it('happens after a confirmation, and says what was freed', async () => {
    const post = jest.fn().mockResolvedValue({ rows: 1234, bytes: 3 << 20 });
    await forget(post);
    expect(await screen.findByText(/Forgot 1,234 events \(3.0 MB\)/)).toBeInTheDocument();
    expect(post.mock.calls[0][0]).toBe('/api/datasources/uid/u1/resources/forget');
  });

  it('says why it did not happen', async () => {
    await forget(jest.fn().mockRejectedValue({ status: 403, data: { message: 'your role in Grafana is Editor' } }));
    expect(await screen.findByText('Nothing was forgotten: your role in Grafana is Editor')).toBeInTheDocument();
  });
});

it('says what to click in Cloudflare, with the exact names of the permissions', () => {
  renderConfig();
  expect(screen.getByText('Create Custom Token')).toBeInTheDocument();
  for (const queryType of QUERY_TYPES) {
    expect(screen.getAllByText(catalogue[queryType].permission)).not.toEqual([]);
  }
  for (const { name } of LIST_PERMISSIONS) {
    expect(screen.getAllByText(name)).not.toEqual([]);
  }
});

it('names only permissions that the catalogue’s notes speak of', () => {
  const names = LIST_PERMISSIONS.map(({ name }) => name);
  for (const { permissionNote } of Object.values(catalogue)) {
    expect(permissionNote === undefined || names.some((name) => permissionNote.includes(name))).toBe(true);
  }
});

it('asks for a key with pseudonyms only', async () => {
  const { user, options } = renderConfig();
  expect(screen.queryByLabelText(/^Key/, inputs)).not.toBeInTheDocument();
  await user.click(screen.getByRole('radio', { name: 'Pseudonyms' }));
  await user.type(screen.getByLabelText(/^Key/, inputs), 'k');
  expect(options().jsonData.maskIdentities).toBe('pseudonym');
  expect(options().secureJsonData).toEqual({ maskKey: 'k' });
  expect(screen.getByText(/at least 16 characters\. Whoever guesses/)).toBeInTheDocument();
});

describe('limits', () => {
  it('are numbers, and absent where they are empty', async () => {
    const { user, options } = renderConfig({ jsonData: { maxRows: 5 } });
    await user.clear(screen.getByLabelText(/^Maximum rows/, inputs));
    await user.type(screen.getByLabelText(/^Cache/, inputs), '64');
    expect(options().jsonData).toEqual({ cacheLimitMb: 64, maxRows: undefined });
  });

  it.each([
    [/^Maximum rows/, '0', /from 1 to 10,000,000/],
    [/^Cache/, '-1', /from 0 to 65,536/],
    [/^Reserve/, '91', /from 0 to 90/],
    [/^Seal after/, 'soon', /duration up to 24h/],
    [/^Keep for/, '7d', /from 1m to 4320h/],
    [/^API URL/, 'http://api.example.com', /Use https/],
  ])('%s: %s is explained in place', async (label, typed, said) => {
    const { user } = renderConfig();
    await user.type(screen.getByLabelText(label, inputs), typed);
    expect(screen.getByText(said)).toBeInTheDocument();
  });
});

describe('the secure SOCKS proxy', () => {
  afterEach(() => {
    config.secureSocksDSProxyEnabled = false;
  });

  it('can be chosen where Grafana has one', async () => {
    config.secureSocksDSProxyEnabled = true;
    const { user, options } = renderConfig();
    await user.click(screen.getByRole('switch', { name: /^Secure SOCKS proxy/ }));
    expect(options().jsonData.enableSecureSocksProxy).toBe(true);
  });

  it('is not there where Grafana has none', () => {
    renderConfig();
    expect(screen.queryByText('Secure SOCKS proxy')).not.toBeInTheDocument();
  });
});

it('has the sections that people look for, and names every control', () => {
  renderConfig({ jsonData: { maskIdentities: 'pseudonym', tlsAuthWithCACert: true } });
  for (const name of ['Connection', 'Authentication', 'Limits', 'Privacy', 'Roles', 'Advanced']) {
    expect(within(screen.getByRole('region', { name })).getByRole('heading', { name })).toBeInTheDocument();
  }
  const controls = ['combobox', 'textbox', 'spinbutton', 'switch', 'radio', 'button'].flatMap((role) =>
    screen.queryAllByRole(role)
  );
  for (const control of controls) {
    expect(control).toHaveAccessibleName();
  }
});
