package catalogue

// Derived computes a field from another one, or sets a constant.
type Derived struct {
	From      string            `json:"from,omitempty"`
	Values    map[string]string `json:"values,omitempty"`
	Otherwise *string           `json:"otherwise,omitempty"`
	// Names is the account's list that says what the ID in From is called.
	Names    string `json:"names,omitempty"`
	Constant string `json:"constant,omitempty"`
	// DaysUntil has the data source add to each row how many days are left until the
	// time in From, unless the row says that it never comes.
	DaysUntil bool `json:"daysUntil,omitempty"`
}

// Paths are where a row has the field's value, the first one that has one. What the
// data source adds to rows stands there by the field's own name.
func (f *Field) Paths() []string {
	if f.Derived != nil && f.Derived.DaysUntil {
		return []string{f.Name}
	}
	return f.Path
}

// NamesFrom is the account's list that the field's values are names from; empty
// where they are none.
func (f *Field) NamesFrom() string {
	if f.Derived == nil {
		return ""
	}
	return f.Derived.Names
}

// IsConstant says whether every row has the same value.
func (d *Derived) IsConstant() bool { return d != nil && d.Constant != "" }
