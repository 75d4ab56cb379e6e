import React from 'react';
import { type AnnotationQuery, type QueryEditorProps } from '@grafana/data';
import { Button, InlineFieldRow, InlineLabel, Stack } from '@grafana/ui';

import { type AccessDataSource } from '../datasource';
import { startWith } from '../query/model';
import { QueryEditor } from '../query/QueryEditor';
import { type AccessOptions, type AccessQuery } from '../types';
import { PRESETS } from './presets';

type Props = QueryEditorProps<AccessDataSource, AccessQuery, AccessOptions> & {
  annotation?: AnnotationQuery<AccessQuery>;
  onAnnotationChange?: (annotation: AnnotationQuery<AccessQuery>) => void;
};

/** The query editor, with ready-made annotations above it: each sets the query and how its marks read. */
export function AnnotationEditor({ annotation, onAnnotationChange, ...props }: Props) {
  return (
    <Stack direction="column" gap={1}>
      {annotation && onAnnotationChange && (
        <InlineFieldRow>
          <InlineLabel width="auto">Start with</InlineLabel>
          <Stack gap={1} wrap="wrap">
            {PRESETS.map(({ name, query, mappings }) => (
              <Button
                key={name}
                variant="secondary"
                fill="outline"
                onClick={() =>
                  onAnnotationChange({
                    ...annotation,
                    mappings,
                    target: startWith({ refId: 'Anno', ...annotation.target }, query),
                  })
                }
              >
                {name}
              </Button>
            ))}
          </Stack>
        </InlineFieldRow>
      )}
      <QueryEditor {...props} />
    </Stack>
  );
}
