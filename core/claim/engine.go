package claim

// Engine is the thing to claim by whoever uses the Dagger engine at a host, in the group
// Users, and by whoever is to stop it, alone.
func Engine(host string) string { return "engine " + host }

// Users of a thing may have it at a time.
const Users = "users"
