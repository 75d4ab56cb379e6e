package surface_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cfaccess/cfaccess-logs-datasource/catalogue"
	"github.com/cfaccess/cfaccess-logs-datasource/internal/account"
	"github.com/cfaccess/cfaccess-logs-datasource/internal/lab"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/answer"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/cloudflare"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/query"
)

// tokens are n service tokens, of which token i expires i days from the beginning of
// the test.
func tokens(n int) []account.Row {
	rows := make([]account.Row, n)
	for i := range rows {
		rows[i] = account.Row{"id": fmt.Sprintf("id-%04d", i), "name": fmt.Sprintf("token %04d", i), "client_id": "c.access", "enabled": true,
			"created_at": "2026-01-01T00:00:00Z", "duration": "8760h", "expires_at": lab.Noon.AddDate(0, 0, i).Format(time.RFC3339)}
	}
	return rows
}

// inventoried asks for service tokens, in a time range that has nothing to do with them.
func inventoried(t *testing.T, l *lab.Lab, model string, change ...func(*query.Options)) (*answer.Result, error) {
	t.Helper()
	from := lab.Noon.AddDate(-10, 0, 0)
	change = append(change, func(o *query.Options) { o.QueryType = "service_tokens" })
	return l.Query(context.Background(), lab.Request(t, model, from, from.Add(time.Hour), change...))
}

// columnTexts is a column of a table as texts; what is not there is "-".
func columnTexts(t *testing.T, table *answer.Table, field string) []string {
	t.Helper()
	var out []string
	for row := range table.Times {
		if c := lab.Cell(t, table, field, row); c.Valid {
			out = append(out, c.Text)
		} else {
			out = append(out, "-")
		}
	}
	return out
}

// The end of a list is where nothing more comes, whatever Cloudflare makes of the page
// size and says of it.
func TestAnInventoryIsWholeWhateverThePages(t *testing.T) {
	for name, quirks := range map[string]account.Quirks{
		"plain":                     {},
		"capped":                    {PageCap: 7},
		"capped silently":           {PageCap: 7, NoResultInfo: true},
		"capped, the size echoed":   {PageCap: 7, EchoesPerPage: true},
		"capped, the page counted":  {PageCap: 7, EchoesPerPage: true, CountsPage: true},
		"a cap that divides evenly": {PageCap: 10, EchoesPerPage: true, CountsPage: true},
	} {
		for _, n := range []int{0, 1, 7, 40} {
			t.Run(fmt.Sprint(name, " ", n), func(t *testing.T) {
				lab.Test(t, func(t *testing.T) {
					l := lab.New(t, account.Config{ServiceTokens: tokens(n), Quirks: quirks})
					l.Directory().Names(t.Context(), "service-tokens") // which needs no proof
					res, err := inventoried(t, l, `{}`)
					if err != nil || !res.Coverage.Complete || res.Coverage.Rows != int64(n) || len(res.Table.Times) != n {
						t.Fatalf("%d rows, %+v, %v", len(res.Table.Times), res.Coverage, err)
					}
				})
			})
		}
	}
}

// A list that contradicts itself, or breaks off, is never a shorter complete one.
func TestAnInventoryThatIsNotWholeSaysSo(t *testing.T) {
	lab.Test(t, func(t *testing.T) {
		l := lab.New(t, account.Config{ServiceTokens: tokens(3), Quirks: account.Quirks{Hidden: 2}})
		res, err := inventoried(t, l, `{}`)
		if err != nil || res.Coverage.Complete || res.Coverage.Reason != answer.ReasonUpstream || len(res.Table.Times) != 3 {
			t.Fatalf("%+v, %v", res, err)
		}
		l = lab.New(t, account.Config{Quirks: account.Quirks{Hidden: 2}})
		if _, err := inventoried(t, l, `{}`); err == nil {
			t.Error("no rows of two are no answer")
		}
		l = lab.New(t, account.Config{ServiceTokens: tokens(30), Quirks: account.Quirks{PageCap: 10}, Before: func(r *http.Request) error {
			if r.URL.Query().Get("page") == "2" {
				return account.Refusal(http.StatusForbidden, 9109, "Unauthorized to access requested resource")
			}
			return nil
		}})
		_, err = inventoried(t, l, `{}`)
		var refused *cloudflare.Error
		if !errors.As(err, &refused) || refused.Kind != cloudflare.KindPermission {
			t.Errorf("got %v", err)
		}
	})
}

func TestDaysLeft(t *testing.T) {
	lab.Test(t, func(t *testing.T) {
		rows := tokens(4)
		rows[0]["expires_at"] = lab.Noon.Add(-36 * time.Hour).Format(time.RFC3339)
		rows[2]["duration"] = "forever"
		rows[3]["expires_at"] = nil
		l := lab.New(t, account.Config{ServiceTokens: append(rows, account.Row{"id": "x", "name": "token x", "duration": "forever"}, account.Row{"id": "y", "name": "token y"})})
		res, err := inventoried(t, l, `{"fields":["name","days_left"]}`)
		if err != nil || !res.Coverage.Complete {
			t.Fatalf("%+v, %v", res, err)
		}
		if diff := cmp.Diff([]string{"-1.5", "1", "-", "-", "-", "-"}, columnTexts(t, res.Table, "days_left")); diff != "" {
			t.Error(diff)
		}
		time.Sleep(12 * time.Hour) // The clock goes on.
		res, err = inventoried(t, l, `{"filters":[{"field":"days_left","operator":"<","values":["1"]}],"fields":["name","days_left"]}`)
		if err != nil || !res.Coverage.Complete {
			t.Fatalf("%+v, %v", res, err)
		}
		if diff := cmp.Diff([]string{"-2", "0.5"}, columnTexts(t, res.Table, "days_left")); diff != "" {
			t.Error(diff)
		}
	})
}

// An alert rule on days_left must not stay quiet because Cloudflare sends the time of
// no token, or one that cannot be read.
func TestDaysLeftThatCannotBeKnownAreNotNever(t *testing.T) {
	lab.Test(t, func(t *testing.T) {
		for reason, change := range map[answer.Reason]func(row account.Row){
			answer.ReasonUnverified: func(row account.Row) { delete(row, "expires_at") },
			answer.ReasonBadRows:    func(row account.Row) { row["expires_at"] = "next year" },
		} {
			rows := tokens(2)
			for _, row := range rows {
				change(row)
			}
			res, err := inventoried(t, lab.New(t, account.Config{ServiceTokens: rows}), `{"fields":["name","days_left"]}`)
			if err != nil || res.Coverage.Complete || res.Coverage.Reason != reason {
				t.Errorf("%+v, %v; want %s", res, err, reason)
			}
		}
	})
}

// Filters, columns, limit and groups work as everywhere; the order is that of names.
func TestInventoriesAreAskedAsEverything(t *testing.T) {
	lab.Test(t, func(t *testing.T) {
		l := lab.New(t, account.Config{ServiceTokens: tokens(5)})
		res, err := inventoried(t, l, `{"filters":[{"field":"name","operator":"=~","values":["[135]$"]}],"fields":["name"],"direction":"desc","limit":1}`)
		if err != nil || res.Coverage.Complete || res.Coverage.Reason != answer.ReasonLimit {
			t.Fatalf("%+v, %v", res, err)
		}
		if diff := cmp.Diff([]string{"token 0001"}, columnTexts(t, res.Table, "name")); diff != "" {
			t.Error(diff)
		}
		res, err = inventoried(t, l, `{"groupBy":["duration"]}`)
		if err != nil || len(res.Groups.Rows) != 1 || res.Groups.Rows[0].Count != 5 {
			t.Errorf("%+v, %v", res, err)
		}
		for model, wanted := range map[string]string{
			`{"format":"time_series"}`:  "allowed are table",
			`{"format":"logs"}`:         "allowed are table",
			`{"groupBy":["days_left"]}`: "allowed are name",
			`{"fields":["nothing"]}`:    "allowed are name",
		} {
			_, err := query.Parse([]byte(model), query.Options{QueryType: "service_tokens", From: lab.Noon, To: lab.Noon, MaxLimit: 10, Now: lab.Noon})
			if err == nil || !strings.Contains(err.Error(), wanted) {
				t.Errorf("%s: %v", model, err)
			}
		}
	})
}

// Names beside IDs, and inventories, come from one list, which is read once.
func TestListsAreSharedAndKept(t *testing.T) {
	lab.Test(t, func(t *testing.T) {
		l := lab.New(t, account.Config{ServiceTokens: tokens(3)})
		l.Directory().Names(t.Context(), "service-tokens")
		first, err := inventoried(t, l, `{}`)
		if err != nil || l.Calls() != 2 || first.Coverage.UpstreamCalls != 1 {
			t.Fatalf("%d calls, one of which proves that the list has ended: %v", l.Calls(), err)
		}
		time.Sleep(time.Minute)
		again, err := inventoried(t, l, `{}`)
		if err != nil || l.Calls() != 2 || again.Coverage.CachedRows != 3 || again.Coverage.CachedAt == nil {
			t.Fatalf("%d calls, %+v, %v", l.Calls(), again.Coverage, err)
		}
		time.Sleep(6 * time.Minute)
		if _, err := inventoried(t, l, `{}`); err != nil || l.Calls() != 4 {
			t.Errorf("%d calls after the list has aged: %v", l.Calls(), err)
		}
		l.Forget()
		if _, err := inventoried(t, l, `{}`); err != nil || l.Calls() != 6 {
			t.Errorf("%d calls after all was forgotten: %v", l.Calls(), err)
		}
	})
}

// What is not there has its columns all the same, which Grafana's SQL expressions need.
func TestAnEmptyInventoryHasItsColumns(t *testing.T) {
	lab.Test(t, func(t *testing.T) {
		for _, q := range catalogue.All() {
			if !q.Inventory {
				continue
			}
			res := lab.New(t, account.Config{}).Ask(t, `{"queryType":`+strconv.Quote(q.Name)+`}`, lab.Noon, lab.Noon)
			if len(res.Table.Columns) != len(q.Fields) || !res.Coverage.Complete {
				t.Errorf("%s: %+v", q.Name, res)
			}
		}
	})
}
