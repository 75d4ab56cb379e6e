package surface_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/cfaccess/cfaccess-logs-datasource/internal/account"
	"github.com/cfaccess/cfaccess-logs-datasource/internal/lab"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/answer"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/query"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/surface"
)

func of(queryType string) func(*query.Options) {
	return func(o *query.Options) { o.QueryType = queryType }
}

const everything = `{"limit":100000}`

// elsewhere is what happens in an account beside Access. The last one is of a
// product whose name only looks like Access.
func elsewhere(n int, at time.Time) []account.Event {
	uris := []string{"/zones/z/dns_records", "/accounts/" + account.ID + "/gateway/rules", "/accounts/" + account.ID + "/access_rules"}
	entries := make([]account.Event, n)
	for i := range entries {
		entries[i] = account.AuditEntry(at.Add(time.Duration(i)*time.Second), fmt.Sprintf("o%d", i), uris[i%len(uris)])
	}
	return entries
}

func accessEntry(at time.Time, id string) account.Event {
	return account.AuditEntry(at, id, "/accounts/"+account.ID+"/access/groups/"+id)
}

// Entries about anything else are neither rows of the answer, nor scanned, nor kept,
// nor bad ones where they have no time.
func TestOnlyEntriesAboutAccessCount(t *testing.T) {
	lab.Test(t, func(t *testing.T) {
		from := lab.Noon.Add(-3 * time.Hour)
		entries := elsewhere(5000, from)
		broken := account.AuditEntry(from.Add(time.Minute), "broken", "/zones/z/dns_records")
		broken.Row["action"] = account.Row{"time": "yesterday"}
		silent := account.AuditEntry(from.Add(time.Minute), "silent", "")
		delete(silent.Row, "raw")
		entries = append(entries, broken, silent, accessEntry(from.Add(time.Minute), "a"), accessEntry(from.Add(2*time.Hour), "b"))
		l := lab.New(t, account.Config{AuditLog: entries}, func(c *surface.Config) { c.MaxRows = 100 })
		res := l.Ask(t, everything, from, lab.Noon, of("access_changes"))
		if c := res.Coverage; !c.Complete || c.Rows != 2 || len(res.Table.Times) != 2 || res.Scanned != 2 || l.Stats().Rows != 2 {
			t.Errorf("coverage %+v, %d rows scanned, %d kept", c, res.Scanned, l.Stats().Rows)
		}
		name := lab.Cell(t, res.Table, "resource_name", 0)
		if name.Text != "Finance only" || lab.Cell(t, res.Table, "outcome", 0).Text != "success" {
			t.Errorf("the name is %+v", name)
		}
	})
}

// An entry about Access without a readable time is one that the answer lacks.
func TestAnEntryAboutAccessWithoutATimeIsMissed(t *testing.T) {
	lab.Test(t, func(t *testing.T) {
		from := lab.Noon.Add(-time.Hour)
		broken := accessEntry(from.Add(time.Minute), "a")
		broken.Row["action"] = account.Row{"time": "yesterday"}
		l := lab.New(t, account.Config{AuditLog: []account.Event{broken, accessEntry(from.Add(time.Minute), "b")}})
		if c := l.Ask(t, everything, from, lab.Noon, of("access_changes")).Coverage; c.Complete || c.Reason != answer.ReasonBadRows || c.Rows != 1 {
			t.Errorf("coverage %+v", c)
		}
	})
}

// Without raw.uri nothing tells which entries are about Access, so that none found
// does not mean none there. An empty log is none.
func TestALogWithoutURIsIsNotTakenForOneWithoutChanges(t *testing.T) {
	lab.Test(t, func(t *testing.T) {
		from := lab.Noon.Add(-time.Hour)
		for _, withheld := range []string{"raw.uri", "raw"} {
			l := lab.New(t, account.Config{AuditLog: []account.Event{accessEntry(from.Add(time.Minute), "a")}, Quirks: account.Quirks{Withholds: []string{withheld}}})
			if c := l.Ask(t, everything, from, lab.Noon, of("access_changes")).Coverage; c.Complete || c.Reason != answer.ReasonUpstream {
				t.Errorf("without %s, coverage %+v", withheld, c)
			}
		}
		if c := lab.New(t, account.Config{}).Ask(t, everything, from, lab.Noon, of("access_changes")).Coverage; !c.Complete || c.Rows != 0 {
			t.Errorf("of an empty log, coverage %+v", c)
		}
	})
}

// Entries become visible up to 450 s late.
func TestEntriesThatArriveLateAreFound(t *testing.T) {
	lab.Test(t, func(t *testing.T) {
		late := accessEntry(lab.Noon.Add(-time.Second), "late")
		late.Arrives = late.At.Add(450 * time.Second)
		l := lab.New(t, account.Config{AuditLog: append(elsewhere(50, lab.Noon.Add(-time.Hour)), late)})
		rows := int64(0)
		for range 20 {
			rows = l.Ask(t, everything, lab.Noon.Add(-time.Hour), time.Now(), of("access_changes")).Coverage.Rows
			time.Sleep(time.Minute)
		}
		if rows != 1 {
			t.Errorf("%d rows after 20 minutes", rows)
		}
		before := l.Calls()
		l.Ask(t, everything, lab.Noon.Add(-time.Hour), lab.Noon, of("access_changes"))
		if calls := l.Calls() - before; calls != 0 {
			t.Errorf("%d calls for what is final", calls)
		}
	})
}

func jitRequest(at time.Time, id, status string) account.Row {
	return account.Row{"knock_request_id": id, "app_aud": "aud", "app_hostname": "ledger.example.com", "requester_email": "ada@example.com",
		"approver_emails": []any{}, "approvals_received": 0, "purpose_justification": "Audit", "status": status,
		"created_at": at.UTC().Format(time.RFC3339Nano), "expires_at": at.Add(time.Hour).UTC().Format(time.RFC3339Nano)}
}

// A request that waited is decided hours later: what is known of it is never final.
func TestRequestsAreShownAsTheyStandNow(t *testing.T) {
	lab.Test(t, func(t *testing.T) {
		at := lab.Noon.Add(-5 * time.Hour)
		l := lab.New(t, account.Config{JITRequests: []account.Row{jitRequest(at, "k", "PENDING")}})
		status := func() string {
			res := l.Ask(t, everything, lab.Noon.Add(-6*time.Hour), lab.Noon, of("jit_requests"))
			if !res.Coverage.Complete || len(res.Table.Times) != 1 {
				t.Fatalf("%d rows, coverage %+v", len(res.Table.Times), res.Coverage)
			}
			return lab.Cell(t, res.Table, "status", 0).Text
		}
		if got := status(); got != "PENDING" {
			t.Errorf("the request is %s at first", got)
		}
		l.Change(func(c *account.Config) { c.JITRequests = []account.Row{jitRequest(at, "k", "APPROVED")} })
		time.Sleep(10 * time.Second)
		if got := status(); got != "APPROVED" {
			t.Errorf("the request is %s once it is approved", got)
		}
	})
}

// The list has no parameter for its order, so either one has to do, also where the
// oldest rows are asked for.
func TestRequestsComeInAnyOrder(t *testing.T) {
	for _, oldestFirst := range []bool{false, true} {
		for _, model := range []string{everything, `{"limit":100000,"direction":"asc"}`, `{"limit":10}`, `{"limit":10,"direction":"asc"}`, `{"format":"time_series"}`} {
			t.Run(fmt.Sprint(model, " oldest first ", oldestFirst), func(t *testing.T) {
				lab.Test(t, func(t *testing.T) {
					from := lab.Noon.Add(-10 * time.Hour)
					var rows []account.Row
					for i := range 2500 {
						rows = append(rows, jitRequest(from.Add(time.Duration(i)*10*time.Second), fmt.Sprintf("k%04d", i), "DENIED"))
					}
					l := lab.New(t, account.Config{JITRequests: rows, Quirks: account.Quirks{OldestFirst: oldestFirst, PageCap: 300}})
					res := l.Ask(t, model, from, lab.Noon, of("jit_requests"))
					limited := strings.Contains(model, `"limit":10}`) || strings.Contains(model, `"limit":10,`)
					switch {
					case limited:
						want := "k2499"
						if strings.Contains(model, "asc") {
							want = "k0000"
						}
						if got := lab.Cell(t, res.Table, "knock_request_id", 0).Text; got != want || len(res.Table.Times) != 10 {
							t.Errorf("%d rows that begin with %s", len(res.Table.Times), got)
						}
					case !res.Coverage.Complete || res.Coverage.Rows != 2500:
						t.Errorf("coverage %+v", res.Coverage)
					}
					for _, q := range l.AskedFor("/jit_requests") {
						for name := range q {
							if !strings.Contains("since until page per_page", name) {
								t.Errorf("the call has %s", name)
							}
						}
					}
				})
			})
		}
	}
}

// A refusal of the audit log is one of Access changes alone.
func TestAnAuditLogThatIsRefused(t *testing.T) {
	lab.Test(t, func(t *testing.T) {
		l := lab.New(t, account.Config{Before: func(r *http.Request) error {
			if strings.HasSuffix(r.URL.Path, "/logs/audit") {
				return account.Refusal(http.StatusForbidden, 10000, "Authentication error")
			}
			return nil
		}})
		r := lab.Request(t, everything, lab.Noon.Add(-time.Hour), lab.Noon, of("access_changes"))
		if _, err := l.Query(t.Context(), r); err == nil {
			t.Error("no error")
		}
		if c := l.Ask(t, everything, lab.Noon.Add(-time.Hour), lab.Noon, of("jit_requests")).Coverage; !c.Complete {
			t.Errorf("coverage %+v", c)
		}
	})
}
