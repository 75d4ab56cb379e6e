package surface

func init() { register("failed_logins", newUserLists) }
