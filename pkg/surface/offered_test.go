package surface_test

import (
	"context"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cfaccess/cfaccess-logs-datasource/internal/account"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/cloudflare"
)

func TestFieldsThatAreNotOffered(t *testing.T) {
	events := account.NewLoginEvents(50, midnight, 12*time.Hour, 9)
	const all = 26 // columns of the catalogue
	type graphql = account.GraphQL
	for name, c := range map[string]struct {
		g       graphql
		q       question
		columns int
		says    string
		err     string
	}{
		"all":                     {graphql{}, question{}, all, "", ""},
		"left out of all":         {graphql{Unavailable: []string{"appId", "date"}}, question{}, all - 3, "appId, app_name, date", ""},
		"refused, left out":       {graphql{Denied: []string{"appId"}}, question{}, all - 2, "appId", ""},
		"asked for":               {graphql{Unavailable: []string{"appId"}}, question{Fields: []string{"appId"}}, 0, "", "appId"},
		"asked for, refused":      {graphql{Denied: []string{"appId"}}, question{GroupBy: []string{"appId"}}, 0, "", "appId"},
		"too many, dropped":       {graphql{MaxFields: 10}, question{}, 12, "mtlsStatus", ""},
		"too many, learned":       {graphql{MaxFields: 10, SettingsFail: true}, question{}, 12, "mtlsStatus", ""},
		"too many":                {graphql{MaxFields: 4}, question{Fields: []string{"appId", "country", "datetime"}}, 0, "", "allows this account 2"},
		"settings unread":         {graphql{SettingsFail: true}, question{}, all, "", ""},
		"logs without their time": {graphql{Unavailable: []string{"datetime"}}, question{Format: "logs"}, 0, "", "table"},
		"series by seconds":       {graphql{Unavailable: []string{"datetimeMinute"}}, question{Format: "time_series"}, 0, "", ""},
		"series without a time":   {graphql{Unavailable: []string{"datetimeMinute", "datetime", "date"}}, question{Format: "time_series"}, 0, "", "use the format table"},
		"not for the account":     {graphql{Disabled: true}, question{Format: "time_series"}, 0, "", "access_requests"},
	} {
		bubbled(t, name, func(t *testing.T) {
			s := open(t, uncached, limited(events, c.g))
			r := c.q.over(t, s, midnight, noon, time.Minute)
			result, err := s.try(context.Background(), r)
			if c.err != "" {
				if err == nil || !strings.Contains(err.Error(), c.err) {
					t.Errorf("got %v, want %q", err, c.err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if result.Series != nil {
				s.check(t, r, result)
				return
			}
			if len(result.Table.Columns) != c.columns || result.Coverage.Rows != 50 || !result.Coverage.Complete {
				t.Errorf("%d columns, coverage %+v", len(result.Table.Columns), result.Coverage)
			}
			if said := hasNotice(result, "leaves out these fields"); said != (c.says != "") || !hasNotice(result, c.says) && said {
				t.Errorf("notices %+v", result.Notices)
			}
		})
	}
}

func TestSamplingIsShown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := open(t, cached, limited(account.NewLoginEvents(50, midnight, 12*time.Hour, 10), account.GraphQL{SampleInterval: 10}))
		for _, q := range []question{{Format: "time_series"}, {GroupBy: []string{"country"}}, {Fields: []string{"datetime", "outcome"}}} {
			result, _ := s.checked(t, q.over(t, s, midnight, noon, time.Hour))
			if c := result.Coverage; !c.Sampled || c.SampleInterval != 10 || !hasNotice(result, "sample") {
				t.Errorf("coverage %+v, notices %+v", c, result.Notices)
			}
		}
	})
}

func TestSettingsAreReadOnceAnHour(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := open(t, uncached, account.Config{Latency: time.Millisecond})
		ask := func() {
			s.checked(t, question{GroupBy: []string{"country"}}.over(t, s, s.now().Add(-time.Hour), s.now()))
		}
		var wait sync.WaitGroup
		for range 10 {
			wait.Go(ask)
		}
		wait.Wait()
		s.pass(59 * time.Minute)
		ask()
		if n := s.account.Counts().Settings; n != 1 {
			t.Errorf("settings were read %d times", n)
		}
		s.pass(2 * time.Minute)
		ask()
		if n := s.account.Counts().Settings; n != 2 {
			t.Errorf("settings were read %d times after an hour", n)
		}
	})
}

func TestAWaitForTheSettingsEndsWithTheQuery(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := open(t, uncached, account.Config{Latency: 3 * time.Second})
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		began := time.Now()
		if _, err := s.try(ctx, question{GroupBy: []string{"country"}}.over(t, s, midnight, noon)); err == nil || time.Since(began) > time.Second {
			t.Errorf("got %v after %s", err, time.Since(began))
		}
		time.Sleep(time.Minute) // for others, the settings are read all the same
	})
}

func TestAccountThatIsNotThere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := open(t, uncached, account.Config{})
		s.fail(func(int) error {
			return &account.Failure{Status: 200, Body: `{"data":{"viewer":{"accounts":[]}},"errors":null}`}
		})
		for _, q := range []question{{GroupBy: []string{"country"}}, {Format: "logs"}} {
			_, err := s.try(context.Background(), q.over(t, s, midnight, noon))
			if kind(err) != cloudflare.KindPermission {
				t.Errorf("got %v", err)
			}
		}
	})
}
