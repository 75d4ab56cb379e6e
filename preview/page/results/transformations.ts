import {
  type DataFrame,
  type DataTransformerInfo,
  FieldType,
  standardTransformers,
  standardTransformersRegistry,
} from '@grafana/data';
import { map } from 'rxjs';

/**
 * Grafana keeps this one in its application: the first text field names fields, the first number is their value. The
 * new frame has another refId and nothing of the old one's meta.
 */
const rowsToFields: DataTransformerInfo = {
  id: 'rowsToFields',
  name: 'Rows to fields',
  defaultOptions: {},
  operator: () => (source) => source.pipe(map((frames) => frames.map(turn))),
};

function turn(frame: DataFrame): DataFrame {
  const names = frame.fields.find(({ type }) => type === FieldType.string);
  const values = frame.fields.find(({ type }) => type === FieldType.number);
  const fields = Array.from({ length: frame.length }, (_, row) => ({
    name: String(names?.values[row]),
    type: FieldType.number,
    config: {},
    values: [values?.values[row]],
  }));
  return { fields, length: 1, refId: `rowsToFields-${frame.refId}` };
}

export function registerTransformations() {
  // Two names of standardTransformers are one transformation.
  const known = new Map([...Object.values(standardTransformers), rowsToFields].map((info) => [info.id, info]));
  standardTransformersRegistry.setInit(() =>
    [...known.values()].map((transformation) => ({
      id: transformation.id,
      name: transformation.name,
      transformation: async () => transformation,
      editor: () => null,
      imageDark: '',
      imageLight: '',
    }))
  );
}
