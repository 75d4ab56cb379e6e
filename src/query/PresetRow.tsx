import { Button } from '@grafana/ui';
import React from 'react';

import { type Question } from '../types';
import { PRESETS } from './presets';
import { Row } from './Row';

interface Props {
  onChoose: (question: Question) => void;
}

/** Ready-made questions for a query that asks nothing of its own yet. */
export function PresetRow({ onChoose }: Props) {
  return (
    <Row label="Start with">
      {PRESETS.map(({ name, description, query }) => (
        <Button
          key={name}
          size="sm"
          variant="secondary"
          fill="outline"
          tooltip={description}
          onClick={() => onChoose(query)}
        >
          {name}
        </Button>
      ))}
    </Row>
  );
}
