package main

import (
	"encoding/json"

	"github.com/spf13/cobra"

	"bee/gate/internal/output"
	"dagger/bee/matrix"
)

func (g *gate) planCommand() *cobra.Command {
	var base, coverage string
	cmd := &cobra.Command{
		Use:   "plan",
		Short: "Tell which machines an ISO is tested on",
		Long: `plan prints the machines as the matrix of a workflow's job, in JSON. In GitHub
Actions it is the output "matrix", too.`,
		Example: `  gate plan --base debian --coverage pairs | jq -r '.include[].name'`,
		Args:    cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			base, err := g.baseOr(base)
			if err != nil {
				return err
			}
			plan, err := matrix.Plan(base, matrix.Coverage(coverage))
			if err != nil {
				return err
			}
			text, err := include(plan)
			if err != nil {
				return err
			}
			g.out.Printf("%s\n", text)
			// Elsewhere, what is printed is all that there is, so that programs can read it.
			if output.InActions(g.getenv) {
				g.out.Set("matrix", text)
			}
			return nil
		},
	}
	baseFlag(cmd, &base)
	coverageFlag(cmd, &coverage, matrix.Each)
	return cmd
}

// include is a plan in the form of a workflow's matrix.
func include(plan []matrix.Machine) (string, error) {
	type named struct {
		Name string `json:"name"`
		matrix.Machine
	}
	var all struct {
		Include []named `json:"include"`
	}
	for _, m := range plan {
		all.Include = append(all.Include, named{m.Name(), m})
	}
	text, err := json.Marshal(all)
	return string(text), err
}
