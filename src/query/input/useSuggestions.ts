import { useRef, useState } from 'react';

import { MAX_SUGGESTIONS, type Suggestion } from '../suggestions';

/** Milliseconds without a key before suggestions are asked for. */
const PAUSE = 250;

export type LoadSuggestions = (typed: string) => Promise<Suggestion[]>;

export interface SuggestionState {
  open: boolean;
  loading: boolean;
  failure?: string;
  found: Suggestion[];
  /** Index of the option that Enter takes; -1 for none. */
  active: number;
}

const CLOSED: SuggestionState = { open: false, loading: false, found: [], active: -1 };

function reason(error: unknown): string {
  const data: unknown = typeof error === 'object' && error !== null && 'data' in error ? error.data : error;
  const message = typeof data === 'object' && data !== null && 'message' in data ? data.message : undefined;
  return typeof message === 'string' && message !== '' ? message : 'the data source didn’t answer';
}

/**
 * The list of an input with suggestions. Suggestions are asked for when the list opens and after a pause in typing;
 * of several answers only that to the latest question counts.
 */
export function useSuggestions(load: LoadSuggestions, preselect: boolean, pause = PAUSE) {
  const [state, setState] = useState(CLOSED);
  const latest = useRef(0);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);

  const ask = async (typed: string) => {
    const question = ++latest.current;
    const settle = (change: Partial<SuggestionState>) => {
      if (question === latest.current) {
        setState((current) => ({ ...current, loading: false, ...change }));
      }
    };
    try {
      const found = (await load(typed)).slice(0, MAX_SUGGESTIONS);
      settle({ found, failure: undefined, active: preselect && found.length > 0 ? 0 : -1 });
    } catch (error) {
      settle({ found: [], failure: reason(error), active: -1 });
    }
  };

  const openAfter = (typed: string, wait: number) => {
    clearTimeout(timer.current);
    setState((current) => ({ ...current, open: true, loading: true, active: -1 }));
    timer.current = setTimeout(() => void ask(typed), wait);
  };
  const close = () => {
    clearTimeout(timer.current);
    latest.current++;
    setState(CLOSED);
  };
  const move = (step: number) =>
    setState((current) => {
      const { found, active } = current;
      const next = active < 0 && step < 0 ? found.length - 1 : active + step;
      return { ...current, active: found.length === 0 ? -1 : (next + found.length) % found.length };
    });

  return {
    state,
    open: (typed: string) => openAfter(typed, 0),
    type: (typed: string) => openAfter(typed, pause),
    close,
    move,
  };
}
