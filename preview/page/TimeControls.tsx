import { rangeUtil, type RawTimeRange } from '@grafana/data';
import { RefreshPicker, TimeRangePicker } from '@grafana/ui';
import { useEffect, useEffectEvent, useState } from 'react';
import { moveRange } from './location';
import { useTimeZone } from './timeZone';
import { toTimeRange } from './results/useQueryData';

interface Props {
  range: RawTimeRange;
  isLoading: boolean;
  /** Label of the button; icon only without. */
  text?: string;
  /** The interval of auto refresh at the start, such as 1m. */
  autoRefresh?: string;
  onChange: (range: RawTimeRange) => void;
  onRefresh: () => void;
}

/** Time range, refresh and auto refresh. */
export function TimeControls({ range, isLoading, text, autoRefresh = '', onChange, onRefresh }: Props) {
  const [timeZone, setTimeZone] = useTimeZone();
  const [interval, setInterval] = useState(autoRefresh);
  const refresh = useEffectEvent(onRefresh);
  useEffect(() => {
    const timer = interval && window.setInterval(refresh, rangeUtil.intervalToMs(interval));
    return () => window.clearInterval(timer || undefined);
  }, [interval]);
  return (
    <>
      <TimeRangePicker
        value={toTimeRange(range)}
        timeZone={timeZone}
        isOnCanvas
        onChange={({ raw }) => onChange(raw)}
        onChangeTimeZone={setTimeZone}
        onMoveBackward={() => onChange(moveRange(range, -1))}
        onMoveForward={() => onChange(moveRange(range, 1))}
        onZoom={() => onChange(moveRange(range, 0))}
      />
      <RefreshPicker
        value={interval}
        onIntervalChanged={setInterval}
        onRefresh={onRefresh}
        isLoading={isLoading}
        isOnCanvas
        text={text}
        primary={Boolean(text)}
        width={text && '116px'}
      />
    </>
  );
}
