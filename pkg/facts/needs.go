package facts

import (
	"cmp"
	"context"
	"encoding/json"
	"net/url"
	"slices"
	"strings"

	"github.com/tidwall/gjson"

	"github.com/cfaccess/cfaccess-logs-datasource/pkg/cloudflare"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/directory"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/explain"
)

// needs are what the rules of policies and groups name.
type needs struct {
	groups, lists                 []string
	tokens, posture, certificates bool
	approval                      bool
}

// needs reads the rules of the application's policies.
func (s *session) needs() *needs {
	n := &needs{}
	if d := documentOf(s.facts.Group); d.Get("serviceTokenId").String() != "" {
		n.tokens = true
	}
	for _, p := range s.policies() {
		n.read(p)
		n.approval = n.approval || p.Get("approval_required").Bool()
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

// idOf is the ID of a policy or a group, which can stand for it alone.
func idOf(doc gjson.Result) string {
	return strings.ToLower(cmp.Or(doc.Get("id").String(), doc.Str))
}

// approvedElsewhere says that the login was let in by a policy that the application
// no longer has.
func (s *session) approvedElsewhere() bool {
	id := strings.ToLower(documentOf(s.facts.Group).Get("approvingPolicyId").String())
	return id != "" && s.facts.Policies.Rows == nil && !slices.ContainsFunc(s.policies(), func(p gjson.Result) bool { return idOf(p) == id })
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

// named reads what the policies name.
func (s *session) named(ctx context.Context, n *needs) []func() {
	var tasks []func()
	list := func(wanted bool, r resource, into *explain.Table) {
		if wanted {
			tasks = append(tasks, func() { *into = s.table(ctx, r) })
		}
	}
	list(s.approvedElsewhere(), reusablePolicies, &s.facts.Policies)
	list(len(n.groups) > 0, accessGroups, &s.facts.AccessGroups)
	list(n.tokens, serviceTokens, &s.facts.ServiceTokens)
	list(n.posture, postureRules, &s.facts.PostureRules)
	list(n.certificates, certificates, &s.facts.Certificates)
	return append(tasks, s.lists(ctx, n.lists)...)
}

// inGroups reads the lists that only groups name, in groups or not.
func (s *session) inGroups(ctx context.Context, n *needs) []func() {
	rows := map[string]gjson.Result{}
	for _, row := range s.facts.AccessGroups.Rows {
		group := gjson.ParseBytes(row)
		rows[idOf(group)] = group
	}
	known := len(n.lists)
	for i := 0; i < len(n.groups); i++ { // grows as it goes
		n.read(rows[strings.ToLower(n.groups[i])])
	}
	return s.lists(ctx, n.lists[known:])
}

// maxLists bounds how many lists a question reads.
const maxLists = 4

// lists reads Zero Trust lists with their items.
func (s *session) lists(ctx context.Context, ids []string) []func() {
	var tasks []func()
	for i, id := range ids {
		tasks = append(tasks, func() {
			var list explain.List
			if i < maxLists {
				list = s.list(ctx, id)
			} else {
				list.Missing = s.gap(aList, "", errSpared)
			}
			s.mu.Lock()
			defer s.mu.Unlock()
			if s.facts.Lists == nil {
				s.facts.Lists = map[string]explain.List{}
			}
			s.facts.Lists[id] = list
		})
	}
	return tasks
}

const aList = "a list that a rule names"

// list reads a list with its items: they are in it, or a list of their own, which
// Cloudflare's clients know as a list of lists.
func (s *session) list(ctx context.Context, id string) explain.List {
	path := "/gateway/lists/" + url.PathEscape(id)
	raw, err := s.document(ctx, path, nil, configurationTTL)
	own := gjson.ParseBytes(raw)
	list := explain.List{Name: own.Get("name").String(), UpdatedAt: own.Get("updated_at").Time(), Items: items(own.Get("items"))}
	if whole := own.Get("items").IsArray() && own.Get("count").Int() <= int64(len(list.Items)); err == nil && whole {
		return list
	}
	if err == nil || cloudflare.KindOf(err) == cloudflare.KindNotFound {
		list.Items = nil
		var rows []json.RawMessage
		rows, err = s.rows(ctx, resource{path + "/items", aList, directory.ReadsZeroTrust, 1000})
		for _, row := range rows {
			list.Items = append(list.Items, items(gjson.ParseBytes(row))...)
		}
	}
	if err != nil {
		list.Missing = s.gap(aList, directory.ReadsZeroTrust, err)
	}
	return list
}

// items are the values in an item, or in a list of them.
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
