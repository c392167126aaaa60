// Builds gpu_burn, the program that burns GPUs in, with CUDA's nvcc.
package main

import "dagger/gpuburn/internal/dagger"

// Gpuburn builds gpu_burn.
type Gpuburn struct{}

// Source of gpu_burn as it was at one commit, from its public repository.
func (m *Gpuburn) Source(
	// The commit, 40 hex digits.
	commit string,
) *dagger.Directory {
	return dag.Git("https://github.com/wilicc/gpu-burn").
		Commit(commit).
		Tree(dagger.GitRefTreeOpts{DiscardGitDir: true})
}
