package surface

// Active sessions are a list for each user, as failed logins are.
func init() { register("active_sessions", newUserLists) }
