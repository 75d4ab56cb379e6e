package account

import (
	"fmt"
	"net/http"
	"time"
)

// serveFailedLogins answers with all blocked logins of a person, newest first,
// in one list without pages.
func (a *Account) serveFailedLogins(w http.ResponseWriter, r *http.Request) {
	l := a.config.Logins
	passes, err := l.match(FailedLogins(r.PathValue("user")))
	if err != nil {
		badRequest(w, err)
		return
	}
	_, hi := l.Between(time.Unix(0, 0), time.Now())
	body := []byte(`{"success":true,"errors":[],"messages":[],"result":[`)
	first := true
	for row := hi - 1; row >= 0; row-- {
		if !passes(row) {
			continue
		}
		if !first {
			body = append(body, ',')
		}
		first = false
		body = fmt.Appendf(body, `{"expiration":%d,"metadata":{"datetime":%q,"user_email":%q,"user_uuid":%q,"app_name":%q,"ray_id":%q}}`,
			l.Times[row]/int64(time.Second)+3600, time.Unix(0, l.Times[row]).UTC().Format(time.RFC3339Nano),
			l.value("user_email", row), l.value("user_id", row), l.value("app_name", row), l.value("ray_id", row))
	}
	writeJSON(w, http.StatusOK, append(body, `]}`...))
}

// FailedLogins are the filters that leave the failed logins of people.
func FailedLogins(userIDs ...string) []Filter {
	return []Filter{{Field: "user_id", Operator: "=", Values: userIDs}, {Field: "outcome", Operator: "=", Values: []string{"blocked"}}}
}
