import { settingsFaults, type Faults } from './validation';

const fault = (name: keyof Faults, value: unknown) => settingsFaults({ authType: 'apiKey', [name]: value })[name];

it.each([
  ['accountId', '0123456789abcdef0123456789abcdef'],
  ['accountId', '0123456789ABCDEF0123456789ABCDEF'],
  ['apiUrl', 'https://api.cloudflare.com/client/v4'],
  ['apiUrl', 'http://127.0.0.1:8787/client/v4'],
  ['apiUrl', 'http://simulator:8787/client/v4'],
  ['sealAfter', '15m'],
  ['sealAfter', '1h30m'],
  ['sealAfter', '0s'],
  ['keepFor', '4320h'],
  ['keepFor', '1m'],
  ['cacheLimitMb', 0],
  ['maxRows', 1],
  ['reservePercent', 90],
  ['email', 'admin@example.com'],
] as const)('%s can be %s', (name, value) => expect(fault(name, value)).toBeUndefined());

it.each([
  ['accountId', '0123456789abcdef0123456789abcde'],
  ['accountId', '../0123456789abcdef0123456789ab'],
  ['apiUrl', 'api.cloudflare.com'],
  ['apiUrl', 'ftp://api.example.com'],
  ['apiUrl', 'http://api.example.com'],
  ['apiUrl', 'https://user@api.example.com'],
  ['apiUrl', 'https://api.example.com?x=1'],
  ['apiUrl', 'https://api.example.com?'],
  ['apiUrl', 'https://api.example.com/client/v4#'],
  ['apiUrl', 'http://127.evil.example'],
  ['sealAfter', '15'],
  ['sealAfter', '25h'],
  ['sealAfter', '15 minutes'],
  ['keepFor', '59s'],
  ['keepFor', '4321h'],
  ['keepFor', '7d'],
  ['cacheLimitMb', 1.5],
  ['maxRows', 0],
  ['maxRows', 10_000_001],
  ['reservePercent', 91],
  ['email', 'admin'],
] as const)('%s cannot be %s', (name, value) => expect(fault(name, value)).toEqual(expect.any(String)));

it('finds nothing wrong with what is not set', () => {
  expect(Object.values(settingsFaults({})).filter(Boolean)).toEqual([]);
});

it.each([
  ['fifteen letters', true],
  ['sixteen letters!', false],
  ['', false],
])('a new key %s is too short: %s', (maskKey, tooShort) =>
  expect(settingsFaults({}, { maskKey }).maskKey !== undefined).toBe(tooShort)
);
