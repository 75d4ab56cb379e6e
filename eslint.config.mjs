import { defineConfig } from 'eslint/config';
import baseConfig from './.config/eslint.config.mjs';

export default defineConfig([
  {
    ignores: [
      '**/node_modules/',
      '**/dist/',
      '**/coverage/',
      '**/artifacts/',
      '**/testdata/',
      'test-results/',
      'playwright-report/',
      'playwright/.auth/',
      '.config/',
    ],
  },
  ...baseConfig,
  {
    files: ['**/*.{ts,tsx}'],
    rules: {
      '@typescript-eslint/no-explicit-any': 'error',
    },
  },
  {
    // Playwright calls a fixture's callback `use`, which is not React's hook.
    files: ['tests/**/*', 'scripts/**/*', 'simulator/**/*'],
    rules: {
      'react-hooks/rules-of-hooks': 'off',
    },
  },
  {
    // esbuild compiles JSX of the preview's page with React's automatic runtime.
    files: ['preview/**/*.tsx'],
    rules: {
      'react/react-in-jsx-scope': 'off',
    },
  },
]);
