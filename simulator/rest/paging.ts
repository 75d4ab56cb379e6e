import { invalidRequest, success, type Reply, type ResultInfo } from '../http/envelope';
import type { CallContext } from '../http/context';
import { positiveInteger } from '../http/query';

/** Whether a text fits a query parameter: has it inside, or is it. Everything fits a parameter that is absent. */
export function contains(text: string | undefined, wanted: string | null, exact = false): boolean {
  if (!wanted) {
    return true;
  }
  const [a, b] = [(text ?? '').toLowerCase(), wanted.toLowerCase()];
  return exact ? a === b : a.includes(b);
}

/** Page of an inventory list that is held in memory. Its counts are true. */
export function pageOf<T>(call: CallContext, rows: readonly T[], fallback: number, cap: number): Reply {
  const page = positiveInteger(call.query, 'page') ?? 1;
  const perPage = Math.min(positiveInteger(call.query, 'per_page') ?? fallback, cap);
  const result = rows.slice((page - 1) * perPage, page * perPage);
  return success(result, {
    count: result.length,
    page,
    per_page: perPage,
    total_count: rows.length,
    total_pages: Math.ceil(rows.length / perPage),
  });
}

export interface LogPage {
  page: number;
  perPage: number;
  skip: number;
  take: number;
}

/** Reads `page`, `per_page` and `limit` of a log endpoint as the personality understands them. */
export function logPage(call: CallContext, fallback: number): LogPage {
  const { maxPerPage, overCap, limitMeaning } = call.personality;
  const page = positiveInteger(call.query, 'page') ?? 1;
  const limit = positiveInteger(call.query, 'limit');
  const perPage = positiveInteger(call.query, 'per_page');
  let size = perPage ?? fallback;
  if (limitMeaning === 'pageSize' || (limitMeaning === 'smaller' && perPage === undefined)) {
    size = perPage ?? limit ?? fallback;
  } else if (limitMeaning === 'smaller') {
    size = Math.min(size, limit ?? size);
  } else if (limitMeaning === 'total' && perPage === undefined) {
    size = limit ?? fallback;
  }
  if (size > maxPerPage && overCap === 'error') {
    throw invalidRequest(`per_page must not be greater than ${maxPerPage}`);
  }
  size = Math.min(size, maxPerPage);
  const start = (page - 1) * size;
  const take = limitMeaning === 'total' && limit !== undefined ? Math.max(0, Math.min(size, limit - start)) : size;
  const skip = page > 1 ? Math.max(0, start - call.shiftRows) : 0;
  return { page, perPage: size, skip, take };
}

/** `result_info` of a log endpoint: absent, or with a count that may be of no use. */
export function logResultInfo(
  call: CallContext,
  page: LogPage,
  rows: number,
  total: () => number
): ResultInfo | undefined {
  const { resultInfo, totalCount } = call.personality;
  if (resultInfo === 'absent') {
    return undefined;
  }
  const count = totalCount === 'zero' ? 0 : totalCount === 'page' ? rows : total();
  return { count: rows, page: page.page, per_page: page.perPage, total_count: count };
}
