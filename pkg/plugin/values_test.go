package plugin

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/cfaccess/cfaccess-logs-datasource/catalogue"
	"github.com/cfaccess/cfaccess-logs-datasource/internal/account"
)

// valuesIn asks for the values that a field has in the trios' time.
func valuesIn(t *testing.T, d *Datasource, queryType, field string) []suggestion {
	t.Helper()
	var values []suggestion
	require.Equal(t, http.StatusOK, resource(t, d, fmt.Sprintf("values?queryType=%s&field=%s&from=%d&to=%d",
		queryType, field, trioRange.From.UnixMilli(), trioRange.To.UnixMilli()), &values))
	return values
}

// listed are the values that the catalogue has for a field, but for those named.
func listed(t *testing.T, queryType, field string, but ...string) []suggestion {
	t.Helper()
	q, _ := catalogue.Lookup(queryType)
	f, ok := q.Field(field)
	require.True(t, ok)
	var values []suggestion
next:
	for _, v := range f.Values {
		for _, name := range but {
			if v.Value == name {
				continue next
			}
		}
		values = append(values, suggestion{Text: v.Text, Value: v.Value})
	}
	return values
}

// Cloudflare documents no list of these values, and adds to them: what the rows
// have is offered first, then what the catalogue lists besides.
func TestValuesOfAnEnumerationAreThoseOfTheRowsToo(t *testing.T) {
	c := upstreamOf(t, "access_requests")
	for i, row := range []account.Row{
		{"action": "warpEnrollment", "app_type": "quantum"},
		{"action": "teleport", "app_type": "quantum"},
		{"action": "warpEnrollment", "app_type": "warp"},
		{"action": "warpEnrollment"},
	} {
		row["created_at"] = trioRange.From.Add(time.Duration(i) * time.Second).Format(time.RFC3339Nano)
		c.Events = append(c.Events, account.EventOf(row))
	}
	c.SCIMUpdates = upstreamOf(t, "scim_updates").SCIMUpdates
	c.SCIMUpdates[0]["resource_type"] = "DEVICE"
	c.IdentityProviders = upstreamOf(t, "scim_updates").IdentityProviders
	d := instance(t, account.New(c), "")

	require.Equal(t, append([]suggestion{{"Login", "login", 5}, {"WARP enrollment", "warpEnrollment", 3}, {"teleport", "teleport", 1}},
		listed(t, "access_requests", "action", "login", "warpEnrollment")...), valuesIn(t, d, "access_requests", "action"))
	require.Equal(t, append([]suggestion{{"Self-hosted", "self_hosted", 5}, {"quantum", "quantum", 2}, {"WARP", "warp", 1}},
		listed(t, "access_requests", "app_type", "self_hosted", "warp")...), valuesIn(t, d, "access_requests", "app_type"))
	require.Equal(t, []suggestion{{"DEVICE", "DEVICE", 1}, {"Group", "GROUP", 1}, {"User", "USER", 1}}, valuesIn(t, d, "scim_updates", "resource_type"))
}

func TestWithoutRowsTheListedValuesAreOffered(t *testing.T) {
	c := upstreamOf(t, "access_requests")
	c.Before = denying("/logs/")
	d := instance(t, account.New(c), "")
	require.Equal(t, listed(t, "access_requests", "app_type"), valuesIn(t, d, "access_requests", "app_type"))
}

// What is derived from another field has no other values than those listed, and
// costs no calls.
func TestValuesOfADerivedFieldAreThoseListed(t *testing.T) {
	a := account.New(upstreamOf(t, "access_requests"))
	d := instance(t, a, "")
	require.Equal(t, []suggestion{{"Allowed", "allowed", 0}, {"Blocked", "blocked", 0}}, valuesIn(t, d, "access_requests", "outcome"))
	require.Empty(t, a.Asked())
}
