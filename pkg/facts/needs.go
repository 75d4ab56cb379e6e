package facts

import (
	"cmp"
	"context"
	"encoding/json"
	"maps"
	"net/url"
	"slices"
	"strings"

	"github.com/tidwall/gjson"

	"github.com/cfaccess/cfaccess-logs-datasource/pkg/cloudflare"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/explain"
)

// needs are what the rules of policies and groups name, as they stand and as they
// stood at the login.
type needs struct {
	groups, lists                 []string
	tokens, posture, certificates bool
	approval                      bool
	// policies says that there are some that only the account's list can tell.
	policies bool
}

// needs reads the rules of the application's policies, and of the groups that they
// name.
func (s *session) needs() *needs {
	n := &needs{tokens: documentOf(s.facts.Group).Get("serviceTokenId").String() != ""}
	former := s.former()
	own := map[string]bool{}
	add := func(p gjson.Result) {
		own[idOf(p)] = true
		n.read(p)
		n.approval = n.approval || p.Get("approval_required").Bool()
	}
	for _, p := range s.policies() {
		add(p)
	}
	ids := slices.Sorted(maps.Keys(former))
	for _, id := range ids {
		v := former[id]
		switch {
		case own[id], s.isApp(v.AppID):
			add(v.Document)
		case s.isApp(id):
			for _, p := range v.Document.Get("policies").Array() {
				n.policies = n.policies || !own[idOf(p)] && !p.Get("include").IsArray()
				add(p)
			}
		}
	}
	approving := strings.ToLower(documentOf(s.facts.Group).Get("approvingPolicyId").String())
	n.policies = n.policies || approving != "" && !own[approving]
	groups := map[string][]gjson.Result{}
	for _, row := range s.facts.AccessGroups.Rows {
		group := gjson.ParseBytes(row)
		groups[idOf(group)] = append(groups[idOf(group)], group)
	}
	for _, id := range ids {
		groups[id] = append(groups[id], former[id].Document)
	}
	for i := 0; i < len(n.groups); i++ { // grows as it goes
		for _, group := range groups[strings.ToLower(n.groups[i])] {
			n.read(group)
		}
	}
	return n
}

// policies are the application's, wherever they were found.
func (s *session) policies() []gjson.Result {
	policies := documentOf(s.facts.App).Get("policies").Array()
	for _, row := range s.facts.AppPolicies.Rows {
		policies = append(policies, gjson.ParseBytes(row))
	}
	own := map[string]bool{}
	for _, p := range policies {
		own[idOf(p)] = true
	}
	// The account's reusable policies are those of all applications.
	for _, row := range s.facts.Policies.Rows {
		if p := gjson.ParseBytes(row); own[idOf(p)] {
			policies = append(policies, p)
		}
	}
	return policies
}

// isApp says whether an ID is one of the application's: it has several, and paths of
// the API take each.
func (s *session) isApp(id string) bool {
	return slices.ContainsFunc(s.appIDs, func(own string) bool { return own != "" && strings.EqualFold(own, id) })
}

// former are the last versions before the login that the audit log has of
// applications, policies, and groups, by ID in lower case.
func (s *session) former() map[string]explain.Version {
	out := map[string]explain.Version{}
	for _, row := range s.facts.Changes.Rows {
		v, ok := explain.VersionOf(row)
		id := strings.ToLower(v.ID)
		if last, known := out[id]; ok && v.Document.Exists() && !v.At.After(s.login) && (!known || v.At.After(last.At)) {
			out[id] = v
		}
	}
	return out
}

// idOf is the ID of a policy or a group in lower case. An ID can stand for it alone.
func idOf(doc gjson.Result) string {
	return strings.ToLower(cmp.Or(doc.Get("id").String(), doc.Str))
}

// read adds what the rules of a policy or a group name.
func (n *needs) read(from gjson.Result) {
	for _, section := range []string{"include", "require", "exclude"} {
		for _, rule := range from.Get(section).Array() {
			rule.ForEach(func(kind, body gjson.Result) bool {
				switch id := body.Get("id").String(); kind.Str {
				case "group":
					n.groups = addID(n.groups, id)
				case "ip_list", "email_list":
					n.lists = addID(n.lists, id)
				case "service_token", "any_valid_service_token":
					n.tokens = true
				case "device_posture":
					n.posture = true
				case "certificate", "common_name":
					n.certificates = true
				}
				return true
			})
		}
	}
}

func addID(ids []string, id string) []string {
	if id == "" || slices.Contains(ids, id) {
		return ids
	}
	return append(ids, id)
}

// readNamed reads what the configuration names, and then what that names in turn,
// until there is nothing new.
func (s *session) readNamed(ctx context.Context) {
	for {
		part, cancel := inPart(ctx, 2)
		tasks := s.named(part, s.needs())
		s.together(tasks...)
		cancel()
		if len(tasks) == 0 {
			return
		}
	}
}

// named are the tasks to read what is needed and was not asked for yet, the most
// telling first.
func (s *session) named(ctx context.Context, n *needs) []task {
	var tasks []task
	table := func(wanted bool, r resource, into *explain.Table) {
		if wanted && s.once(r.path) {
			tasks = append(tasks, s.table(ctx, r, into))
		}
	}
	if s.facts.UserEmail+s.facts.UserUUID != "" && s.facts.Identity.JSON == nil && s.facts.Identity.Missing == nil && s.once("identity") {
		tasks = append(tasks, s.identity(ctx))
	}
	table(len(n.groups) > 0, accessGroups, &s.facts.AccessGroups)
	table(n.policies, reusablePolicies, &s.facts.Policies)
	if s.once(theAuditLog) {
		tasks = append(tasks, task{theAuditLog, permissionSettings, func() error { return s.readChanges(ctx) },
			func(m *explain.Missing) { s.facts.Changes.Missing = m }})
	}
	table(n.tokens, serviceTokens, &s.facts.ServiceTokens)
	tasks = append(tasks, s.lists(ctx, n.lists)...)
	table(n.posture, postureRules, &s.facts.PostureRules)
	if n.approval && s.once("jit") {
		tasks = append(tasks, task{"the requests for temporary access", permissionAudit, func() error { return s.readJIT(ctx) },
			func(m *explain.Missing) { s.facts.JIT.Missing = m }})
	}
	return append(tasks, s.versions(ctx, n)...)
}

const aList = "a list that a rule names"

// lists are the tasks to read Zero Trust lists: what is in each, what it is called,
// and when it changed. The account's list of lists tells that of several at once; a
// list that it doesn't tell of is asked for itself.
func (s *session) lists(ctx context.Context, ids []string) []task {
	var tasks []task
	for _, id := range ids {
		if s.once(zeroTrustLists.path + id) {
			tasks = append(tasks, task{aList, zeroTrustLists.permission, func() error { return s.readItems(ctx, id) },
				func(m *explain.Missing) { s.ofList(id, func(l *explain.List) { l.Missing = m }) }})
		}
	}
	if len(tasks) > 1 && s.once(zeroTrustLists.path) {
		return append(tasks, task{what: zeroTrustLists.what, read: func() error {
			s.listing, _ = s.rows(ctx, zeroTrustLists, nil) // The list itself tells what is wrong.
			return nil
		}})
	}
	for _, id := range ids {
		for _, row := range s.listing {
			if list := gjson.ParseBytes(row); strings.EqualFold(list.Get("id").String(), id) {
				s.describe(id, list)
			}
		}
		if list := s.facts.Lists[id]; list.Name == "" && list.Missing == nil && s.once(itself(id)) {
			tasks = append(tasks, task{"the name of " + aList, zeroTrustLists.permission, func() error {
				list, err := s.document(ctx, itself(id), nil, configurationTTL)
				if err == nil {
					s.describe(id, gjson.ParseBytes(list))
				}
				return err
			}, nil})
		}
	}
	return tasks
}

func itself(list string) string { return zeroTrustLists.path + "/" + url.PathEscape(list) }

// readItems reads what is in a list. Where Cloudflare has no list of that, the list
// itself may hold it.
func (s *session) readItems(ctx context.Context, id string) error {
	r := zeroTrustLists
	r.path = itself(id) + "/items"
	rows, err := s.rows(ctx, r, nil)
	var values []string
	for _, row := range rows {
		values = append(values, items(gjson.ParseBytes(row))...)
	}
	if cloudflare.KindOf(err) == cloudflare.KindNotFound {
		var list json.RawMessage
		list, err = s.document(ctx, itself(id), nil, configurationTTL)
		values = items(gjson.GetBytes(list, "items"))
		if err == nil && int64(len(values)) < gjson.GetBytes(list, "count").Int() {
			err = errTooLong
		}
	}
	s.ofList(id, func(l *explain.List) { l.Items = values })
	return err
}

// describe takes over what a list is called, and when it changed.
func (s *session) describe(id string, own gjson.Result) {
	s.ofList(id, func(l *explain.List) {
		l.Name, l.UpdatedAt = own.Get("name").String(), own.Get("updated_at").Time()
	})
}

// ofList notes what was found out about a list.
func (s *session) ofList(id string, note func(l *explain.List)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := s.facts.Lists[id]
	note(&list)
	s.facts.Lists[id] = list
}

// items are the values in an item, or in a list of them, which Cloudflare's clients
// know as a list of lists.
func items(from gjson.Result) []string {
	if !from.IsArray() {
		if value := from.Get("value").String(); value != "" {
			return []string{value}
		}
		return nil
	}
	var values []string
	for _, item := range from.Array() {
		values = append(values, items(item)...)
	}
	return values
}
