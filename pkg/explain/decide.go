package explain

import "slices"

// decision is what the judgment comes to, before it is put into words.
type decision struct {
	verdict   string
	certainty string
	// policy is the one that the verdict names; policyID and policyName tell one that
	// the application no longer has.
	policy               *policy
	policyID, policyName string
	// against says that the login was logged as blocked although all that can be
	// seen lets it in.
	against bool
}

// unexplained says that the log names a policy that let the login in although its
// rules are seen to fail, so none of them decided.
func (d *decision) unexplained() bool {
	return d.verdict == AllowedByPolicy && d.policy.matches.likely == no
}

// end is a way in which Access can have come to its decision.
type end struct {
	verdict string
	policy  *policy
}

func (e end) admits() bool { return e.verdict == AllowedByPolicy || e.verdict == Bypassed }

// ends are all ways in which the evaluation can end, in its order: one for each
// rule that can't be judged, and the last one. A single end is what happened. of
// picks how sure it has to be.
func (q *inquiry) ends(a *application, of func(belief) truth) []end {
	var out []end
	service := false
	for _, p := range a.policies {
		if !p.early() {
			continue
		}
		service = service || p.decision == decisionServiceAuth
		found, last := q.endsAt(a, p, of)
		if out = append(out, found...); last {
			return out
		}
	}
	// Allow and Block policies are for who signs in.
	if t := of(q.login.nobody); service && t != no {
		out = append(out, end{ServiceAuthFailed, nil})
		if t == yes {
			return out
		}
	}
	allowed, _, _ := q.methodAllowed(a.doc)
	if t := of(allowed); t != yes {
		out = append(out, end{LoginMethodNotAllowed, nil})
		if t == no {
			return out
		}
	}
	for _, p := range a.policies {
		if p.early() {
			continue
		}
		found, last := q.endsAt(a, p, of)
		if out = append(out, found...); last {
			return out
		}
	}
	return append(out, end{NoPolicyMatched, nil})
}

// endsAt are the ways in which a policy can end it; last says that one of them is what
// happened. Which of several policies with the same precedence Access asks first is not
// known.
func (q *inquiry) endsAt(a *application, p *policy, of func(belief) truth) (out []end, last bool) {
	if of(p.matches) == no {
		return nil, false
	}
	out = q.policyEnds(a, p, of)
	if of(p.matches) != yes {
		return out, false
	}
	for _, other := range a.tied(p) {
		if of(other.matches) != no {
			out = append(out, q.policyEnds(a, other, of)...)
		}
	}
	return out, true
}

// policyEnds are the ways in which a policy that matches ends it.
func (q *inquiry) policyEnds(a *application, p *policy, of func(belief) truth) []end {
	switch {
	case p.decision == decisionBypass:
		return []end{{Bypassed, p}}
	case p.decision == decisionServiceAuth:
		return []end{{AllowedByPolicy, p}}
	case p.decision == decisionDeny:
		return []end{{BlockedByPolicy, p}}
	case p.decision != decisionAllow:
		return []end{{VerdictUnknown, p}}
	case !p.asks():
		return []end{{AllowedByPolicy, p}}
	}
	granted, _, _ := q.approved(a.doc)
	switch of(granted) {
	case yes:
		return []end{{AllowedByPolicy, p}}
	case no:
		return []end{{ApprovalNeeded, p}}
	}
	return []end{{ApprovalNeeded, p}, {AllowedByPolicy, p}}
}

func likelyOf(b belief) truth  { return b.likely }
func certainOf(b belief) truth { return b.certain }

func (q *inquiry) decide(a *application) decision {
	var d decision
	switch {
	case q.login.found && q.login.outcome == OutcomeAllowed:
		d = q.decideAllowed(a)
	case a.unread != "":
		return decision{verdict: VerdictUnknown, certainty: CertaintyUnknown}
	case q.login.found && q.login.outcome == OutcomeBlocked:
		d = q.decideBlocked(a)
	default:
		d = q.decideNow(a)
	}
	if q.login.disputed && d.certainty == Certain {
		d.certainty = Likely
	}
	if d.verdict == NoPolicyMatched || d.verdict == ServiceAuthFailed {
		d.policy = a.nearest(d.verdict)
		if d.policy == nil && slices.ContainsFunc(a.policies, func(p *policy) bool { return p.unread }) {
			d.verdict = VerdictUnknown
		}
	}
	if d.verdict == VerdictUnknown {
		d.certainty = CertaintyUnknown
	}
	return d
}

// decideAllowed takes the log's word that the login was let in, and asks only by
// which policy.
func (q *inquiry) decideAllowed(a *application) decision {
	if id := q.login.approvingID; id != "" {
		d := decision{verdict: AllowedByPolicy, certainty: Certain, policyID: id, policy: a.byID(id)}
		if d.policy != nil {
			if d.policy.decision == decisionBypass {
				d.verdict = Bypassed
			}
			q.reconcileAllowed(a, d.policy)
		} else {
			elsewhere, _ := byID(q.facts.Policies).get(id)
			d.policyName = firstText(elsewhere.Get("name").Str, q.history.nameOf(id))
		}
		return d
	}
	if a.unread == "" {
		ends := q.ends(a, certainOf)
		last := ends[len(ends)-1]
		switch {
		case last.admits() && len(ends) == 1 && !q.unsettled:
			return decision{verdict: last.verdict, certainty: Certain, policy: last.policy}
		case last.admits() && last.policy.matches.certain == yes:
			return decision{verdict: last.verdict, certainty: Likely, policy: last.policy}
		}
	}
	d := decision{verdict: NotBlockedByAccess, certainty: Certain}
	if q.facts.Group.Missing != nil { // It may tell of a policy.
		d.certainty = Likely
	}
	return d
}

// reconcileAllowed takes back what older data says against the log: that a policy
// before the approving one matched, or that the approving one didn't.
func (q *inquiry) reconcileAllowed(a *application, approving *policy) {
	for _, p := range a.policies {
		if p == approving {
			if p.matches.likely == no {
				q.forget(p)
			}
			return
		}
		if p.matches.likely == yes {
			q.forget(p)
		}
	}
}

// decideBlocked takes the block as evidence: no policy that admits matched before
// the end, so one that can't be judged failed in what is unknown of it.
func (q *inquiry) decideBlocked(a *application) decision {
	if ends := q.ends(a, certainOf); !q.unsettled && len(ends) == 1 && !ends[0].admits() {
		return decision{verdict: ends[0].verdict, certainty: Certain, policy: ends[0].policy}
	}
	ends := q.ends(a, likelyOf)
	for last := ends[len(ends)-1]; last.admits() && last.policy.matches.stale(); last = ends[len(ends)-1] {
		q.forget(last.policy)
		ends = q.ends(a, likelyOf)
	}
	last := ends[len(ends)-1]
	refusals := slices.DeleteFunc(slices.Clone(ends), end.admits)
	switch {
	case !last.admits():
		// Who asked for approval got as far as the policy that wants it.
		if _, asked, _ := q.approved(a.doc); asked && last.policy == nil {
			for _, e := range ends {
				if e.verdict == ApprovalNeeded {
					last = e
				}
			}
		}
		return decision{verdict: last.verdict, certainty: Likely, policy: last.policy}
	case len(refusals) > 0:
		return decision{verdict: refusals[0].verdict, certainty: Likely, policy: refusals[0].policy}
	case last.policy.decision == decisionServiceAuth && q.login.nobody.likely == yes:
		// What a log can't show is whether the token's secret was right.
		return decision{verdict: ServiceAuthFailed, certainty: Likely, against: true}
	}
	return decision{verdict: VerdictUnknown, policy: last.policy, against: true}
}

// decideNow says how a login would be decided, without one as evidence.
func (q *inquiry) decideNow(a *application) decision {
	if ends := q.ends(a, certainOf); len(ends) == 1 {
		return decision{verdict: ends[0].verdict, certainty: Certain, policy: ends[0].policy}
	}
	ends := q.ends(a, likelyOf)
	last := ends[len(ends)-1]
	admitting := 0
	for _, e := range ends {
		if e.admits() {
			admitting++
		}
		if e.verdict == VerdictUnknown {
			return decision{verdict: VerdictUnknown}
		}
	}
	// Where every end is of one kind, only the policy is not known for sure.
	if admitting == 0 || admitting == len(ends) {
		return decision{verdict: last.verdict, certainty: Likely, policy: last.policy}
	}
	return decision{verdict: VerdictUnknown}
}

// forget takes back what older data says of a policy, where what was logged says
// otherwise.
func (q *inquiry) forget(p *policy) {
	p.matches.likely = p.matches.certain
	for i := range p.rows {
		if r := &p.rows[i]; r.stale() {
			r.belief = doubt
			r.note = sentences(r.note, "The login was decided otherwise, so this may have been different then.")
		}
	}
}
