package main

import (
	"encoding/json"
	"fmt"

	"github.com/spf13/cobra"

	"bee/core/jsonerror"
	"bee/core/machine"
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
			_, plan, err := g.plan(base, coverage)
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

// named is a machine as a workflow's matrix has it.
type named struct {
	Name string `json:"name"`
	machine.Machine
}

// workflowMatrix is a plan in the form of a workflow's matrix.
type workflowMatrix struct {
	Include []named `json:"include"`
}

func include(plan []machine.Machine) (string, error) {
	var all workflowMatrix
	for _, m := range plan {
		all.Include = append(all.Include, named{m.Name(), m})
	}
	text, err := json.Marshal(all)
	return string(text), err
}

// planned are the names of the machines of a plan in that form.
func planned(text string) ([]string, error) {
	var all workflowMatrix
	if err := json.Unmarshal([]byte(text), &all); err != nil {
		return nil, fmt.Errorf("--plan: not what the command plan prints: %w", jsonerror.Reword(err))
	}
	var names []string
	for _, m := range all.Include {
		names = append(names, m.Name)
	}
	return names, nil
}
