import { type DataQueryResponse, type TimeRange } from '@grafana/data';

/**
 * Gives the links into Explore the time range that was asked for: without one Explore opens on the last hour, and
 * the event that was clicked may not be in it. The executable cannot do this, as its SDK has no raw range.
 */
export function withLinkRange(response: DataQueryResponse, range: TimeRange): DataQueryResponse {
  for (const frame of response.data) {
    for (const field of frame.fields ?? []) {
      for (const link of field.config?.links ?? []) {
        if (link.internal && !link.internal.range) {
          link.internal.range = range;
        }
      }
    }
  }
  return response;
}
