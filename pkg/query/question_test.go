package query

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/cfaccess/cfaccess-logs-datasource/catalogue"
)

func explain(t *testing.T, query string, fromAlert bool) (*Request, error) {
	t.Helper()
	now := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	return Parse([]byte(query), Options{QueryType: "explain", From: now.Add(-time.Hour), To: now, MaxLimit: 1000, Now: now, FromAlert: fromAlert})
}

func TestAnExplanationIsOfOneLogin(t *testing.T) {
	for query, want := range map[string]Question{
		`{"filters":[{"field":"ray_id","operator":"=","values":["8D3F0A1B2C3D4E5F-LHR"]}]}`: {RayID: "8d3f0a1b2c3d4e5f"},
		`{"part":"checks","format":"table","filters":[{"field":"user_email","operator":"=","values":["sam@example.com"]},
			{"field":"app_uid","operator":"=","values":["df7e"]}]}`: {UserEmail: "sam@example.com", AppUID: "df7e"},
		`{"filters":[{"field":"app_name","operator":"=","values":["Wiki"]},
			{"field":"user_email","operator":"=","values":["sam@example.com"]}]}`: {UserEmail: "sam@example.com", AppName: "Wiki"},
	} {
		r, err := explain(t, query, false)
		require.NoError(t, err)
		require.Equal(t, want, r.Question())
	}
}

func TestRefusesWhatIsNoQuestionAndSaysWhatIs(t *testing.T) {
	ray := `{"field":"ray_id","operator":"=","values":["8d3f0a1b2c3d4e5f"]}`
	user := `{"field":"user_email","operator":"=","values":["sam@example.com"]}`
	app := `{"field":"app_uid","operator":"=","values":["df7e"]}`
	name := `{"field":"app_name","operator":"=","values":["Wiki"]}`
	filters := func(f ...string) string { return `{"filters":[` + strings.Join(f, ",") + `]}` }
	for query, says := range map[string]string{
		`{}`:                     "ray_id",
		filters(user):            "app_uid or app_name",
		filters(app):             "user_email",
		filters(user, app, name): "app_uid or app_name",
		filters(ray, user):       "ray_id",
		filters(ray, ray):        "one value of ray_id",
		filters(strings.Replace(ray, `["`, `["8d3f","`, 1)):            "one value of ray_id",
		filters(strings.Replace(user, "sam@example.com", " ", 1), app): "empty value",
		filters(strings.Replace(ray, `"="`, `"!="`, 1)):                "allowed are =",
		filters(strings.Replace(ray, "ray_id", "verdict", 1)):          "allowed are ray_id, user_email, app_name, app_uid",
		filters(strings.Replace(ray, "8d3f0a1b2c3d4e5f", "no", 1)):     "block page",
		strings.Replace(filters(ray), "{", `{"part":"all",`, 1):        "verdict, checks, timeline",
		strings.Replace(filters(ray), "{", `{"format":"logs",`, 1):     "allowed are table",
		strings.Replace(filters(ray), "{", `{"groupBy":["rule"],`, 1):  "groupBy",
		strings.Replace(filters(ray), "{", `{"fields":["rule"],`, 1):   "use part",
	} {
		_, err := explain(t, query, false)
		var wrong *InvalidError
		require.ErrorAs(t, err, &wrong, query)
		require.Contains(t, err.Error(), says)
	}
	_, err := explain(t, filters(ray), true)
	require.ErrorContains(t, err, "alert rule")
}

// A whole block page can be pasted into every filter on Ray IDs.
func TestFindsTheRayIDInAPastedPage(t *testing.T) {
	field := &catalogue.Field{Name: "ray_id", Kind: catalogue.KindRayID, Operators: []catalogue.Operator{catalogue.Equal}}
	for text, want := range map[string]string{
		"That account does not have access.\n\nRay ID: 8D3F0A1B2C3D4E5F\nTime: 2026-11-20T10:00:00Z":                               "8d3f0a1b2c3d4e5f",
		"Error 1020 \u2022 Cloudflare Ray ID: <strong class=\"font-semibold\">8d3f0a1b2c3d4e5f</strong> \u2022 Your IP: 192.0.2.1": "8d3f0a1b2c3d4e5f",
		"request 0123456789abcdef, cf-ray-id 8d3f0a1b2c3d4e5f-LHR":                                                                 "8d3f0a1b2c3d4e5f",
		"he sent me 8d3f0a1b2c3d4e5f, and 8D3F0A1B2C3D4E5F again":                                                                  "8d3f0a1b2c3d4e5f",
		"Ray ID: 8d3f 0a1b 2c3d 4e5f": "8d3f0a1b2c3d4e5f",
	} {
		f := &Filter{Field: field, Operator: catalogue.Equal}
		require.NoError(t, f.add(text), text)
		require.Equal(t, []string{want}, f.Values)
	}
	for _, text := range []string{"two: 8d3f0a1b2c3d4e5f 0123456789abcdef", "no ID at all", "zone 0123456789abcdef0123456789abcdef of mine"} {
		require.Error(t, (&Filter{Field: field, Operator: catalogue.Equal}).add(text), text)
	}
}

func TestShowsWhatIsMasked(t *testing.T) {
	r, err := explain(t, `{"filters":[{"field":"ray_id","operator":"=","values":["8d3f"]}]}`, false)
	require.NoError(t, err)
	require.Equal(t, "sam@example.com", r.Show("sam@example.com"))
	r.Disguise = func(f *catalogue.Field, value string) string {
		require.True(t, f.Personal)
		return "p_" + value
	}
	require.Equal(t, "p_sam", r.Show("sam"))
}
