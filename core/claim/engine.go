package claim

// UseEngine is what is claimed by whoever uses the Dagger engine at a host for the clone of
// the repository whose top is given. Others may use it for the same clone. Dagger 0.19
// answers a call of one clone with what it computes for another one that has the same
// files, and that fails as soon as the other one is done.
func UseEngine(host, top string) Claim {
	return Claim{
		Thing: engine(host), Group: top,
		Does: "uses the engine for " + top + " (Dagger mixes up clones that use one at once)",
	}
}

// EngineAlone is what is claimed by whoever does something with the Dagger engine at a host
// while nobody uses it.
func EngineAlone(host, does string) Claim { return Claim{Thing: engine(host), Does: does} }

func engine(host string) string { return "engine " + host }
