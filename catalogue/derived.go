package catalogue

// Derived computes a field from another one, or sets a constant.
type Derived struct {
	From      string            `json:"from,omitempty"`
	Values    map[string]string `json:"values,omitempty"`
	Otherwise *string           `json:"otherwise,omitempty"`
	// Names is the account's list that says what the ID in From is called.
	Names    string `json:"names,omitempty"`
	Constant string `json:"constant,omitempty"`
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
