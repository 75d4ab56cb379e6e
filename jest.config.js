// force timezone to UTC to allow tests to work regardless of local timezone
// generally used by snapshots, but can affect specific tests
process.env.TZ = 'UTC';

const config = require('./.config/jest.config');
const { grafanaESModules, nodeModulesToTransform } = require('./.config/jest/utils');

module.exports = {
  // Jest configuration provided by Grafana scaffolding
  ...config,
  // Whole editors in jsdom are slow where the machine is busy; no test asserts a time.
  testTimeout: 60_000,
  // Packages of @grafana/* that ship ES modules only, some of them as .mjs, which the scaffolding does not transform.
  transform: { '^.+\\.m?(t|j)sx?$': Object.values(config.transform)[0] },
  transformIgnorePatterns: [
    nodeModulesToTransform([
      ...grafanaESModules,
      'd3-.*',
      'internmap',
      'delaunator',
      'robust-predicates',
      '@react-hookz',
      '@ver0/deep-equal',
    ]),
  ],
};
