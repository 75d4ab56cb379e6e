import { DataSourcePlugin } from '@grafana/data';

import { ConfigEditor } from './config/ConfigEditor';
import { AccessDataSource } from './datasource';
import { QueryEditor } from './query/QueryEditor';
import { QueryHelp } from './query/QueryHelp';
import { type AccessOptions, type AccessQuery, type AccessSecrets } from './types';

export const plugin = new DataSourcePlugin<AccessDataSource, AccessQuery, AccessOptions, AccessSecrets>(
  AccessDataSource
)
  .setConfigEditor(ConfigEditor)
  .setQueryEditor(QueryEditor)
  .setQueryEditorHelp(QueryHelp);
