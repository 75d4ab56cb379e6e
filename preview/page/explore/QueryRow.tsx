import { css } from '@emotion/css';
import { CoreApp, type DataQuery, type DataSourceApi, type GrafanaTheme2, type PanelData } from '@grafana/data';
import { IconButton, useStyles2 } from '@grafana/ui';
import { useState } from 'react';

interface Props {
  query: DataQuery;
  queries: DataQuery[];
  dataSource: DataSourceApi;
  data: PanelData | undefined;
  onChange: (query: DataQuery) => void;
  onAdd: (query: DataQuery) => void;
  onRemove: () => void;
  onRun: () => void;
}

/** A query with its editor; collapsed it is the plugin's sentence for it. */
export function QueryRow({ query, queries, dataSource, data, onChange, onAdd, onRemove, onRun }: Props) {
  const styles = useStyles2(getStyles);
  const [open, setOpen] = useState(true);
  const [helping, setHelping] = useState(false);
  const { QueryEditor, QueryEditorHelp } = dataSource.components ?? {};
  const { refId } = query;
  const own = data && {
    ...data,
    series: data.series.filter((frame) => frame.refId === refId),
    errors: data.errors?.filter((error) => error.refId === refId),
  };
  return (
    <section className={styles.row} aria-label={`Query ${refId}`} data-testid="data-testid Query editor row">
      <header data-testid={`data-testid Query editor row title ${refId}`}>
        <IconButton
          name={open ? 'angle-down' : 'angle-right'}
          aria-label={open ? `Collapse query ${refId}` : `Expand query ${refId}`}
          aria-expanded={open}
          onClick={() => setOpen(!open)}
        />
        <span className={styles.refId}>{refId}</span>
        <span className={styles.summary} data-testid="preview-query-text">
          {open ? `(${dataSource.name})` : (dataSource.getQueryDisplayText?.(query) ?? JSON.stringify(query))}
        </span>
        {QueryEditorHelp && (
          <IconButton
            name="question-circle"
            tooltip="Show data source help"
            aria-pressed={helping}
            onClick={() => setHelping(!helping)}
          />
        )}
        <IconButton name="copy" tooltip="Duplicate query" onClick={() => onAdd(query)} />
        <IconButton
          name={query.hide ? 'eye-slash' : 'eye'}
          tooltip={query.hide ? 'Enable query' : 'Disable query'}
          onClick={() => onChange({ ...query, hide: !query.hide })}
        />
        <IconButton name="trash-alt" tooltip="Remove query" onClick={onRemove} disabled={queries.length === 1} />
      </header>
      {open && QueryEditor && (
        <div className={styles.editor}>
          {helping && QueryEditorHelp && (
            <div className={styles.help}>
              <QueryEditorHelp
                datasource={dataSource}
                query={query}
                onClickExample={(example) => {
                  onChange({ ...example, refId });
                  setHelping(false);
                }}
              />
            </div>
          )}
          <QueryEditor
            datasource={dataSource}
            query={query}
            queries={queries}
            app={CoreApp.Explore}
            range={data?.timeRange}
            data={own}
            onChange={onChange}
            onAddQuery={onAdd}
            onRunQuery={onRun}
          />
        </div>
      )}
    </section>
  );
}

const getStyles = (theme: GrafanaTheme2) => ({
  row: css({
    background: theme.colors.background.secondary,
    borderRadius: theme.shape.radius.default,
    '& header': {
      display: 'flex',
      alignItems: 'center',
      gap: theme.spacing(1),
      minHeight: 32,
      padding: theme.spacing(0.5, 1),
    },
  }),
  refId: css({ color: theme.colors.primary.text, fontWeight: theme.typography.fontWeightMedium }),
  summary: css({
    flex: 1,
    minWidth: 0,
    color: theme.colors.text.secondary,
    fontStyle: 'italic',
    overflow: 'hidden',
    textOverflow: 'ellipsis',
    whiteSpace: 'nowrap',
  }),
  help: css({ marginBottom: theme.spacing(2) }),
  editor: css({
    padding: theme.spacing(0.5, 1, 1, 4),
    [theme.breakpoints.down('md')]: { paddingLeft: theme.spacing(1) },
  }),
});
