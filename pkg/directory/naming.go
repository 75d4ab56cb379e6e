package directory

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/cfaccess/cfaccess-logs-datasource/catalogue"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/answer"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/query"
)

// Naming is what one query learns of names. It is used by one goroutine.
type Naming struct {
	directory *Directory
	names     map[string]*query.Names
	problems  map[string]string
}

// Naming begins with no names.
func (d *Directory) Naming() *Naming {
	return &Naming{directory: d, names: map[string]*query.Names{}, problems: map[string]string{}}
}

// Names are those learned so far, by list. The map grows with each Learn.
func (n *Naming) Names() map[string]*query.Names { return n.names }

// Learn reads the lists that fields are names from, at the same time. It says
// whether there was any that is not known yet.
func (n *Naming) Learn(ctx context.Context, fields []*catalogue.Field) bool {
	var lists []string
	for _, f := range fields {
		if list := f.NamesFrom(); list != "" && n.names[list] == nil && !slices.Contains(lists, list) {
			lists = append(lists, list)
		}
	}
	answers := make([]Names, len(lists))
	var pending sync.WaitGroup
	for i, list := range lists {
		pending.Go(func() { answers[i] = n.directory.Names(ctx, list) })
	}
	pending.Wait()
	for i, list := range lists {
		n.names[list], n.problems[list] = query.NewNames(answers[i].ByID), answers[i].Problem
	}
	return len(lists) > 0
}

// Explain says where an answer has IDs in the place of names in the fields that it
// shows and is filtered by. That is no fault of what it lists or counts; only what a
// filter on names leaves out is not known then. An ID that is not in a list that
// could be read is that of something deleted, or of what the credentials may not see.
func (n *Naming) Explain(result *answer.Result, shown, filtered []*catalogue.Field) {
	for _, f := range n.unnamed(filtered) {
		if problem := n.problems[f.NamesFrom()]; problem != "" {
			result.Incomplete(answer.ReasonUnverified, fmt.Sprintf("The data source does not know all names in %s, so it cannot apply the filter to them. %s", f.Name, problem))
		} else {
			result.Inform("Cloudflare does not list the names of %d IDs, so the filter on %s is applied to the IDs themselves.", n.names[f.NamesFrom()].Unnamed(), f.Name)
		}
	}
	var fields, problems []string
	for _, f := range n.unnamed(shown) {
		if problem := n.problems[f.NamesFrom()]; problem != "" && !slices.Contains(filtered, f) {
			fields, problems = append(fields, f.Name), append(problems, problem)
		}
	}
	if len(fields) > 0 {
		result.Inform("The answer has IDs in the place of names in %s. %s", strings.Join(fields, ", "), strings.Join(problems, " "))
	}
}

// unnamed are the fields that have IDs without a name, each once.
func (n *Naming) unnamed(fields []*catalogue.Field) []*catalogue.Field {
	var out []*catalogue.Field
	for _, f := range fields {
		if names := n.names[f.NamesFrom()]; names != nil && names.Unnamed() > 0 && !slices.Contains(out, f) {
			out = append(out, f)
		}
	}
	return out
}
