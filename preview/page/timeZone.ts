import type { TimeZone } from '@grafana/data';
import { createContext, useContext } from 'react';

/** The time zone that times are shown in, and how to change it. */
export const TimeZoneContext = createContext<[TimeZone, (timeZone: TimeZone) => void]>(['browser', () => undefined]);

export const useTimeZone = () => useContext(TimeZoneContext);
