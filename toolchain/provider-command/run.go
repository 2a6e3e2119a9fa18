package main

import (
	"context"

	"github.com/pulumi/pulumi-go-provider/infer"
)

// Run is the function command:local:run: a command without a resource, run at every preview and update.
type Run struct {
	closing context.Context
}

// Annotate puts the function under the token of the official provider.
func (r *Run) Annotate(a infer.Annotator) { a.SetToken("local", "run") }

// RunInputs are the arguments of the function.
type RunInputs struct {
	Execution

	Command string `pulumi:"command"`
}

// RunOutputs repeat the arguments beside what the command printed.
type RunOutputs struct {
	RunInputs
	Output
}

// Invoke runs the command.
func (r *Run) Invoke(
	ctx context.Context, request infer.FunctionRequest[RunInputs],
) (infer.FunctionResponse[RunOutputs], error) {
	output, err := execute(ctx, r.closing, request.Input.Command, request.Input.Execution, Output{})
	return infer.FunctionResponse[RunOutputs]{Output: RunOutputs{RunInputs: request.Input, Output: output}}, err
}
