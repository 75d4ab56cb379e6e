package account

import (
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

const (
	// PageSize is the largest page that the account gives.
	PageSize        = 1000
	defaultPageSize = 25
)

// serveAccessRequests answers with a page of logins. Bounds are inclusive to the
// nanosecond; result_info is there, with the total_count of 0 that Cloudflare
// was seen to send.
func (a *Account) serveAccessRequests(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	page, err := a.page(q)
	if err != nil {
		badRequest(w, err)
		return
	}
	l := a.config.Logins
	body := append(make([]byte, 0, 512*(len(page.rows)+1)), `{"success":true,"errors":[],"messages":[],"result":[`...)
	for i, row := range page.rows {
		if i > 0 {
			body = append(body, ',')
		}
		body = append(body, l.row(row)...)
	}
	body = fmt.Appendf(body, `],"result_info":{"count":%d,"page":%d,"per_page":%d,"total_count":0}}`,
		len(page.rows), page.number, page.size)
	a.rows.Add(int64(len(page.rows)))
	writeJSON(w, http.StatusOK, body)
}

type page struct {
	number, size int
	rows         []int
}

func (a *Account) page(q url.Values) (page, error) {
	p := page{number: 1, size: defaultPageSize}
	for _, number := range []struct {
		name string
		into *int
	}{{"limit", &p.size}, {"per_page", &p.size}, {"page", &p.number}} {
		if text := q.Get(number.name); text != "" {
			n, err := strconv.Atoi(text)
			if err != nil || n < 1 {
				return p, fmt.Errorf("%s must be a positive number", number.name)
			}
			*number.into = n
		}
	}
	p.size = min(p.size, PageSize)
	lo, hi, err := a.bounds(q)
	if err != nil {
		return p, err
	}
	skip := (p.number - 1) * p.size
	step, row := -1, hi-1
	if q.Get("direction") == "asc" {
		step, row = 1, lo
	}
	filters := pushedFilters(q)
	if len(filters) == 0 {
		row, skip = row+step*skip, 0
	}
	passes, err := a.config.Logins.match(filters)
	if err != nil {
		return p, err
	}
	for ; row >= lo && row < hi && len(p.rows) < p.size; row += step {
		if !passes(row) {
			continue
		}
		if skip > 0 {
			skip--
			continue
		}
		p.rows = append(p.rows, row)
	}
	return p, nil
}

// bounds are the rows that since and until allow and that have come to be.
func (a *Account) bounds(q url.Values) (lo, hi int, err error) {
	l := a.config.Logins
	since, until := time.Unix(0, 0), time.Now()
	if text := q.Get("since"); text != "" {
		if since, err = time.Parse(time.RFC3339Nano, text); err != nil {
			return 0, 0, err
		}
	}
	if text := q.Get("until"); text != "" {
		asked, err := time.Parse(time.RFC3339Nano, text)
		if err != nil {
			return 0, 0, err
		}
		if asked.Before(until) {
			until = asked
		}
	}
	lo, hi = l.Between(since, until.Add(1))
	return lo, max(lo, hi), nil
}
