import { LegendDisplayMode, SortOrder, TooltipDisplayMode } from '@grafana/schema';
import { RenderUserContentAsHTML, TimeSeries, TooltipPlugin, useTheme2, ZoomPlugin } from '@grafana/ui';
import { TableNG } from '@grafana/ui/unstable';
import { useMemo } from 'react';
import { applyFieldConfig } from './fieldConfig';
import { useTimeZone } from '../timeZone';
import { Donut } from './Donut';
import { LogList } from './LogList';
import type { VisualizationProps } from './panel';
import { Bars, Stats } from './values';

/** Draws frames as Grafana's panel of that type does, with the components that Grafana publishes. */
export function Visualization(props: VisualizationProps) {
  const { type, fieldConfig, linkRange } = props;
  const theme = useTheme2();
  const [timeZone] = useTimeZone();
  const frames = useMemo(
    () => applyFieldConfig(props.frames, type, fieldConfig, theme, timeZone, linkRange),
    [props.frames, type, fieldConfig, theme, timeZone, linkRange]
  );
  const drawn = { ...props, frames };
  switch (type) {
    case 'timeseries':
      return <Graph {...drawn} />;
    case 'logs':
      return <LogList frames={frames} />;
    case 'stat':
      return <Stats {...drawn} />;
    // Grafana publishes no bar chart: a bar gauge shows the same numbers.
    case 'bargauge':
    case 'barchart':
      return <Bars {...drawn} />;
    case 'piechart':
      return <Donut {...drawn} />;
    case 'text':
      return <RenderUserContentAsHTML className="markdown-html" content={props.options.content ?? ''} />;
    // Tables, and what Grafana publishes no component for, such as a map: the rows behind it.
    default:
      return <Tables {...drawn} />;
  }
}

function Graph({ frames, options, timeRange, width, height, onZoom }: VisualizationProps) {
  const [timeZone] = useTimeZone();
  const legend = {
    showLegend: true,
    displayMode: LegendDisplayMode.List,
    placement: 'bottom' as const,
    calcs: [],
    ...options.legend,
  };
  return (
    <TimeSeries
      frames={frames}
      timeRange={timeRange}
      timeZone={timeZone}
      width={width}
      height={height}
      legend={legend}
      options={options}
    >
      {(config, aligned) => (
        <>
          <ZoomPlugin config={config} onZoom={onZoom} />
          <TooltipPlugin
            config={config}
            data={aligned}
            frames={frames}
            timeZone={timeZone}
            mode={options.tooltip?.mode ?? TooltipDisplayMode.Multi}
            sortOrder={options.tooltip?.sort ?? SortOrder.None}
          />
        </>
      )}
    </TimeSeries>
  );
}

function Tables({ frames, options, timeRange, width, height }: VisualizationProps) {
  const [frame] = frames;
  return (
    frame && (
      <TableNG
        data={frame}
        width={width}
        height={height}
        timeRange={timeRange}
        sortBy={options.sortBy}
        enableVirtualization
      />
    )
  );
}
