package query_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/cfaccess/cfaccess-logs-datasource/catalogue"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/query"
)

func parseDetection(t *testing.T, queryType, rest string) (*query.Request, error) {
	t.Helper()
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	return query.Parse([]byte(`{"queryType":"`+queryType+`",`+rest+`}`),
		query.Options{From: now.Add(-time.Hour), To: now, Interval: time.Minute, MaxLimit: 1000, Now: now})
}

func TestWhatIsCountedIsRead(t *testing.T) {
	r, err := parseDetection(t, "access_requests", `"groupBy":["ip_address"],
		"measure":{"type":"distinct","field":"user_email"},"having":{"operator":">=","value":"15"},
		"firstSeen":{"by":["user_email","country","user_email"],"history":" 2w "}`)
	if err != nil {
		t.Fatal(err)
	}
	if r.CountName() != "distinct_user_email" || !r.Having.Holds(15) || r.Having.Holds(14) {
		t.Errorf("%s, %+v", r.CountName(), r.Having)
	}
	if len(r.FirstSeen.By) != 2 || r.FirstSeen.History != 14*24*time.Hour {
		t.Errorf("%+v", r.FirstSeen)
	}
}

func TestACountIsTheDefault(t *testing.T) {
	r, err := parseDetection(t, "scim_updates", `"measure":{"type":"count"}`)
	if err != nil || r.Measure != nil || r.Grouped() || r.CountName() != "updates" {
		t.Errorf("%+v, %v", r, err)
	}
}

func TestADistinctCountWithoutGroupsIsCounted(t *testing.T) {
	r, err := parseDetection(t, "access_requests", `"measure":{"type":"distinct","field":"country"}`)
	if err != nil || !r.Grouped() {
		t.Errorf("%+v, %v", r, err)
	}
}

func TestASequenceIsRead(t *testing.T) {
	r, err := parseDetection(t, "access_requests", `"sequence":{"by":["user_email"],"within":"20m","steps":[
		{"filters":[{"field":"outcome","operator":"=","values":["blocked"]}],"atLeast":10},{"filters":[]}]}`)
	if err != nil {
		t.Fatal(err)
	}
	if s := r.Sequence; s.Within != 20*time.Minute || len(s.Steps) != 2 || s.Steps[0].AtLeast != 10 || s.Steps[1].AtLeast != 1 || len(s.Steps[0].Filters) != 1 {
		t.Errorf("%+v", s)
	}
	if judged, filtered := catalogue.FieldNames(r.Judged()), catalogue.FieldNames(r.Filtered()); judged != "user_email" || filtered != "outcome" {
		t.Errorf("judged by %s, filtered by %s", judged, filtered)
	}
}

func TestNotEqualHolds(t *testing.T) {
	h := query.Having{Operator: "!=", Value: 2}
	if h.Holds(2) || !h.Holds(3) {
		t.Error("2 != 2, or 3 = 2")
	}
}

func TestNonsenseIsRefused(t *testing.T) {
	step := `{"filters":[]}`
	steps := func(n int) string { return strings.TrimSuffix(strings.Repeat(step+",", n), ",") }
	for name, c := range map[string]struct{ query, want string }{
		"unknown measure":            {`"measure":{"type":"sum","field":"country"}`, "allowed are count and distinct"},
		"measure of no field":        {`"measure":{"type":"distinct"}`, "measure.field needs a field; allowed are"},
		"measure of an unknown one":  {`"measure":{"type":"distinct","field":"colour"}`, `measure.field has the field "colour"; allowed are`},
		"count of a field":           {`"measure":{"type":"count","field":"country"}`, "takes no field"},
		"measured logs":              {`"format":"logs","measure":{"type":"distinct","field":"country"}`, "logs cannot be counted"},
		"having without groups":      {`"having":{"operator":">","value":1}`, "groupBy"},
		"having of one number":       {`"measure":{"type":"distinct","field":"country"},"having":{"operator":">","value":1}`, "groupBy"},
		"having of a series":         {`"format":"time_series","groupBy":["country"],"having":{"operator":">","value":1}`, "use the format table"},
		"having that contains":       {`"groupBy":["country"],"having":{"operator":"contains","value":1}`, "allowed are = != < <= > >="},
		"having of no number":        {`"groupBy":["country"],"having":{"operator":">","value":"many"}`, "a number"},
		"having without a value":     {`"groupBy":["country"],"having":{"operator":">"}`, "a number"},
		"first seen by nothing":      {`"firstSeen":{"by":[],"history":"1d"}`, "firstSeen.by needs a field"},
		"first seen by an unknown":   {`"firstSeen":{"by":["colour"],"history":"1d"}`, `"colour"; allowed are`},
		"history of 0":               {`"firstSeen":{"by":["country"],"history":"0d"}`, "from 1s to 180d"},
		"history before the future":  {`"firstSeen":{"by":["country"],"history":"-1d"}`, "from 1s to 180d"},
		"history of a century":       {`"firstSeen":{"by":["country"],"history":"100y"}`, "from 1s to 180d"},
		"history of too many days":   {`"firstSeen":{"by":["country"],"history":"181d"}`, "from 1s to 180d"},
		"history that overflows":     {`"firstSeen":{"by":["country"],"history":"4294967295w"}`, "from 1s to 180d"},
		"no history":                 {`"firstSeen":{"by":["country"]}`, "firstSeen.history"},
		"first seen in sequence":     {`"firstSeen":{"by":["country"],"history":"1d"},"sequence":{"by":["country"],"within":"1h","steps":[` + steps(2) + `]}`, "either firstSeen or sequence"},
		"sequence by nothing":        {`"sequence":{"within":"1h","steps":[` + steps(2) + `]}`, "sequence.by needs a field"},
		"one step":                   {`"sequence":{"by":["country"],"within":"1h","steps":[` + steps(1) + `]}`, "has 1 step; allowed are 2 to 5"},
		"fifty steps":                {`"sequence":{"by":["country"],"within":"1h","steps":[` + steps(50) + `]}`, "has 50 steps; allowed are 2 to 5"},
		"within two days":            {`"sequence":{"by":["country"],"within":"2d","steps":[` + steps(2) + `]}`, "from 1s to 1d"},
		"at least none":              {`"sequence":{"by":["country"],"within":"1h","steps":[{"atLeast":0},` + step + `]}`, "allowed are 1 to 1000"},
		"at least too many":          {`"sequence":{"by":["country"],"within":"1h","steps":[{"atLeast":1001},` + step + `]}`, "allowed are 1 to 1000"},
		"several last events":        {`"sequence":{"by":["country"],"within":"1h","steps":[` + step + `,{"atLeast":2}]}`, "a single event"},
		"a step with a wrong filter": {`"sequence":{"by":["country"],"within":"1h","steps":[` + step + `,{"filters":[{"field":"colour","operator":"=","values":["red"]}]}]}`, `step 2 of the sequence: access requests have no field "colour"`},
		"a step that no row tells":   {`"sequence":{"by":["country"],"within":"1h","steps":[{"filters":[{"field":"idp","operator":"=","values":["x"]}]},` + step + `]}`, "filter on idp, which no row tells"},
		"compared table":             {`"compare":{"shift":"7d"}`, "use the format time_series"},
		"compared first seen":        {`"format":"time_series","compare":{"shift":"7d"},"firstSeen":{"by":["country"],"history":"1d"}`, "cannot be combined"},
		"compared with nothing":      {`"format":"time_series","compare":{"times":2}`, "compare.shift"},
		"compared no times":          {`"format":"time_series","compare":{"shift":"7d","times":0}`, "allowed are 1 to 12"},
		"compared 1000 times":        {`"format":"time_series","compare":{"shift":"7d","times":1000}`, "allowed are 1 to 12"},
		"compared to show":           {`"format":"time_series","compare":{"shift":"7d","show":"all"}`, "allowed are value, baseline, deviation"},
		"of the wrong type":          {`"measure":"distinct"`, "measure cannot be a string; it is an object"},
		"history in milliseconds":    {`"firstSeen":{"by":["country"],"history":86400}`, "from 1s to 180d"},
		"history of an object":       {`"firstSeen":{"by":["country"],"history":{"days":1}}`, "from 1s to 180d"},
		"compared half a time":       {`"format":"time_series","compare":{"shift":"7d","times":1.5}`, "allowed are 1 to 12"},
		"at least many":              {`"sequence":{"by":["country"],"within":"1h","steps":[{"atLeast":"many"},` + step + `]}`, "allowed are 1 to 1000"},
		"by one field":               {`"firstSeen":{"by":"country","history":"1d"}`, "firstSeen.by cannot be a string; it is a list"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := parseDetection(t, "access_requests", c.query)
			var wrong *query.InvalidError
			if !errors.As(err, &wrong) || !strings.Contains(wrong.Message, c.want) {
				t.Errorf("got %v, want %s", err, c.want)
			}
		})
	}
	for queryType, rest := range map[string]string{
		"login_groups":   `"format":"time_series","compare":{"shift":"90s"}`,
		"explain":        `"measure":{"type":"count"}`,
		"service_tokens": `"groupBy":["enabled"],"having":{"operator":">","value":1}`,
	} {
		if _, err := parseDetection(t, queryType, rest); err == nil {
			t.Errorf("%s takes %s", queryType, rest)
		}
	}
}
