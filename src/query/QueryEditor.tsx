import { css } from '@emotion/css';
import { type GrafanaTheme2, type QueryEditorProps } from '@grafana/data';
import { useStyles2 } from '@grafana/ui';
import { isEqual } from 'lodash';
import React, { useState } from 'react';

import { catalogue, formatsOf, isQueryType } from '../../catalogue';
import { type AccessDataSource } from '../datasource';
import { type AccessOptions, type AccessQuery } from '../types';
import { changeFormat, changeQueryType } from './change';
import { ChoiceRows } from './ChoiceRows';
import { describeCoverage, isAsking } from './coverage';
import { CoverageLine } from './CoverageLine';
import { type LoadValues } from './FilterRow';
import { FilterRows } from './FilterRows';
import { applies, filterByRayId, isNew, sentQuery, startWith, takesRayId, withDefaults } from './model';
import { OptionMenu } from './options/OptionMenu';
import { OptionRows } from './options/OptionRows';
import { type OptionName } from './options/options';
import { PresetRow } from './PresetRow';
import { queryProblems } from './problems';
import { RayIdMiss } from './RayIdMiss';
import { ProblemText, Row } from './Row';
import { ShowRow } from './ShowRow';
import { suggestValues } from './suggestions';
import { SurfaceRow } from './SurfaceRow';
import { VerdictLine } from './VerdictLine';

export type Props = QueryEditorProps<AccessDataSource, AccessQuery, AccessOptions>;

/**
 * The editor of a query, made of the catalogue. A choice that changes what is asked runs the query, unless something
 * in it cannot be asked; typing changes nothing until Enter or until the field is left.
 */
export function QueryEditor({ query: saved, onChange, onRunQuery, datasource, data, range, app }: Props) {
  const styles = useStyles2(getStyles);
  const query = withDefaults(saved);
  const { maxRows, masked } = datasource;
  const problems = queryProblems(saved, { maxRows, masked });

  const update = (next: AccessQuery) => {
    onChange(next);
    if (!isEqual(sentQuery(next), sentQuery(saved)) && queryProblems(next, { maxRows, masked }).length === 0) {
      onRunQuery();
    }
  };
  const apply = (change: (query: AccessQuery) => AccessQuery) => update(change(saved));
  const run = () => problems.length === 0 && onRunQuery();
  const known = isQueryType(query.queryType);
  const [added, setAdded] = useState<OptionName>();
  const load: LoadValues = (field, typed) =>
    suggestValues(datasource, query.queryType, field, typed, data?.timeRange ?? range);

  return (
    <div className={styles.editor}>
      {isNew(saved) && <PresetRow onChoose={(question) => update(startWith(saved, question))} />}
      <SurfaceRow queryType={query.queryType} onChange={(queryType) => update(changeQueryType(saved, queryType))} />
      <ProblemText problem={problems.find(({ at }) => at === 'queryType')} onFix={apply} />
      {known && (
        <>
          <ShowRow
            format={query.format}
            formats={formatsOf(query.queryType)}
            takesRayId={takesRayId(query)}
            onFormat={(format) => update(changeFormat(saved, format))}
            onRayId={(rayId) => update(filterByRayId(saved, rayId))}
          />
          <Row label="Where" key={query.queryType}>
            <FilterRows
              name="Filter"
              queryType={query.queryType}
              filters={query.filters}
              required={catalogue[query.queryType].requiredFilters}
              problems={problems}
              at={(index) => index}
              load={load}
              onChange={(filters) => update({ ...saved, filters })}
              onFix={apply}
              onEnter={run}
            />
          </Row>
          <ChoiceRows
            query={query}
            problems={problems}
            maxRows={maxRows}
            more={
              <OptionMenu
                query={query}
                onAdd={(option, start) => {
                  setAdded(option);
                  update({ ...saved, ...start });
                }}
              />
            }
            onChange={(change) => update({ ...saved, ...change })}
            onFix={apply}
            onEnter={run}
          />
          {applies(query).options && (
            <OptionRows
              query={query}
              problems={problems}
              added={added}
              load={load}
              onChange={(change) => update({ ...saved, ...change })}
              onFix={apply}
              onEnter={run}
            />
          )}
          <CoverageLine
            line={describeCoverage(data, query, maxRows)}
            asking={isAsking(data, query.refId)}
            onRemedy={apply}
          />
          <RayIdMiss query={query} data={data} app={app} onChange={apply} />
          <VerdictLine query={query} data={data} />
        </>
      )}
    </div>
  );
}

const getStyles = (theme: GrafanaTheme2) => ({
  editor: css({ display: 'flex', flexDirection: 'column', gap: theme.spacing(1), minWidth: 0 }),
});
