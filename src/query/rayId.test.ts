import { pastedRayId } from './rayId';

const BLOCK_PAGE = `That account does not have access.
You are currently signed in as alex@example.com. Request 0123456789abcdef0123456789abcdef.
Ray ID: 8D3F0A1B2C3D4E5F
Your IP: 192.0.2.7 2026-01-31T08:00:00Z`;

it.each([
  ['8d3f0a1b2c3d4e5f', '8d3f0a1b2c3d4e5f'],
  [' 8D3F 0A1B 2C3D 4E5F-LHR ', '8d3f0a1b2c3d4e5f'],
  ['Ray ID: 8d3f0a1b2c3d4e5f', '8d3f0a1b2c3d4e5f'],
  ['CF-RAY: 8d3f0a1b2c3d4e5f-LHR', '8d3f0a1b2c3d4e5f'],
  [BLOCK_PAGE, '8d3f0a1b2c3d4e5f'],
  // A text input drops the ends of lines.
  [BLOCK_PAGE.replace(/\n/g, ''), undefined],
  [BLOCK_PAGE.replace(/\n/g, ' '), '8d3f0a1b2c3d4e5f'],
  ['<span>Ray ID</span>: <code>8d3f0a1b2c3d4e5f</code> and deadbeefdeadbeef', '8d3f0a1b2c3d4e5f'],
  ['see 8d3f0a1b2c3d4e5f, again 8D3F0A1B2C3D4E5F', '8d3f0a1b2c3d4e5f'],
  ['either 8d3f0a1b2c3d4e5f or deadbeefdeadbeef', undefined],
  ['no ID at all', undefined],
])('%j holds %s', (text, rayId) => {
  expect(pastedRayId(text)).toBe(rayId);
});
