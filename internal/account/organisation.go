package account

import (
	"maps"
	"net/http"
	"slices"
	"strings"
)

// Organisation is what decides about logins, beside applications and identity
// providers.
type Organisation struct {
	// AppPolicies are by the application's ID, for applications whose rows have none.
	AppPolicies map[string][]Row
	Policies    []Row // reusable ones
	Groups      []Row
	// Identities are what Access last knew of users, by UUID.
	Identities   map[string]Row
	Certificates []Row
	PostureRules []Row
	// JITEvents are what became of requests for temporary access, by their ID.
	JITEvents map[string][]Row
	// Lists are Zero Trust lists by ID.
	Lists map[string]List
}

// List is a Zero Trust list.
type List struct {
	Row   Row
	Items []string
	// Apart has the list come without its items, which then have to be asked for.
	Apart bool
}

func (l List) items() []Row {
	rows := make([]Row, len(l.Items))
	for i, value := range l.Items {
		rows[i] = Row{"value": value}
	}
	return rows
}

func (a *Account) serveOrganisation(mux *http.ServeMux, path string) {
	access := path + "access/"
	list := func(path string, standard int, rows func(s *state, r *http.Request) []Row) {
		mux.HandleFunc(path, func(w http.ResponseWriter, r *http.Request) {
			s := a.state.Load()
			a.serveList(w, r, s, rows(s, r), standard)
		})
	}
	one := func(path string, find func(s *state, r *http.Request) (Row, bool)) {
		mux.HandleFunc(path, func(w http.ResponseWriter, r *http.Request) {
			if row, ok := find(a.state.Load(), r); ok {
				writeRow(w, Row{"success": true, "errors": []any{}, "messages": []any{}, "result": row})
				return
			}
			noRoute(w)
		})
	}
	list(access+"apps/{id}/policies", 200, func(s *state, r *http.Request) []Row { return s.Organisation.AppPolicies[r.PathValue("id")] })
	list(access+"policies", 100, func(s *state, _ *http.Request) []Row { return s.Organisation.Policies })
	list(access+"groups", 1000, func(s *state, _ *http.Request) []Row { return s.Organisation.Groups })
	list(access+"certificates", 50, func(s *state, _ *http.Request) []Row { return s.Organisation.Certificates })
	list(path+"devices/posture", 100, func(s *state, _ *http.Request) []Row { return s.Organisation.PostureRules })
	list(path+"gateway/lists/{id}/items", 1000, func(s *state, r *http.Request) []Row { return s.Organisation.Lists[r.PathValue("id")].items() })
	list(path+"gateway/lists", 1000, func(s *state, _ *http.Request) (rows []Row) {
		for id, l := range s.Organisation.Lists {
			row := Row{"id": id, "count": len(l.Items)}
			maps.Copy(row, l.Row)
			rows = append(rows, row)
		}
		slices.SortFunc(rows, func(a, b Row) int { return strings.Compare(a["id"].(string), b["id"].(string)) })
		return rows
	})
	one(path+"gateway/lists/{id}", func(s *state, r *http.Request) (Row, bool) {
		l, ok := s.Organisation.Lists[r.PathValue("id")]
		row := Row{"id": r.PathValue("id"), "count": len(l.Items)}
		maps.Copy(row, l.Row)
		if !l.Apart {
			row["items"] = l.items()
		}
		return row, ok
	})
	one(access+"logs/jit_requests/{id}", func(s *state, r *http.Request) (Row, bool) {
		row := Row{"events": s.Organisation.JITEvents[r.PathValue("id")]}
		i := slices.IndexFunc(s.JITRequests, func(row Row) bool { return row["knock_request_id"] == r.PathValue("id") })
		if i < 0 {
			return nil, false
		}
		maps.Copy(row, s.JITRequests[i])
		return row, true
	})
	one(access+"users/{id}/last_seen_identity", func(s *state, r *http.Request) (Row, bool) {
		row, ok := s.Organisation.Identities[r.PathValue("id")]
		return row, ok
	})
	one(access+"apps/{id}", func(s *state, r *http.Request) (Row, bool) {
		i := slices.IndexFunc(s.Apps, func(row Row) bool { return row["id"] == r.PathValue("id") })
		if i < 0 {
			return nil, false
		}
		return s.Apps[i], true
	})
}
