package main

import (
	"context"

	"github.com/pulumi/pulumi-go-provider/infer"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
)

// Command is the resource command:local:Command: shell commands tied to the life of a resource.
type Command struct {
	closing context.Context
}

// Annotate puts the resource under the token of the official provider.
func (c *Command) Annotate(a infer.Annotator) { a.SetToken("local", "Command") }

// CommandInputs are what a program says about a Command.
type CommandInputs struct {
	Execution

	// Create also runs on a change of the inputs when there is no Update.
	Create *string `pulumi:"create,optional"`
	Update *string `pulumi:"update,optional"`
	Delete *string `pulumi:"delete,optional"`
	// Triggers replace the resource when any of them changes.
	Triggers *[]any `pulumi:"triggers,optional" provider:"replaceOnChanges"`
}

// CommandState is what the engine records of a Command.
type CommandState struct {
	CommandInputs
	Output
}

// Create runs the create command. A failure leaves nothing in the state, so the next update runs it again.
func (c *Command) Create(
	ctx context.Context, request infer.CreateRequest[CommandInputs],
) (infer.CreateResponse[CommandState], error) {
	state := CommandState{CommandInputs: request.Inputs}
	id, err := resource.NewUniqueHex(request.Name, 8, 0)
	if err != nil || request.DryRun || request.Inputs.Create == nil {
		return infer.CreateResponse[CommandState]{ID: id, Output: state}, err
	}
	state.Output, err = execute(ctx, c.closing, *request.Inputs.Create, request.Inputs.Execution, Output{})
	return infer.CreateResponse[CommandState]{ID: id, Output: state}, err
}

// Update runs the update command, or the create command when there is none.
func (c *Command) Update(
	ctx context.Context, request infer.UpdateRequest[CommandInputs, CommandState],
) (infer.UpdateResponse[CommandState], error) {
	state := CommandState{CommandInputs: request.Inputs, Output: request.State.Output}
	command := request.Inputs.Update
	if command == nil {
		command = request.Inputs.Create
	}
	if request.DryRun || command == nil {
		return infer.UpdateResponse[CommandState]{Output: state}, nil
	}
	var err error
	state.Output, err = execute(ctx, c.closing, *command, request.Inputs.Execution, request.State.Output)
	return infer.UpdateResponse[CommandState]{Output: state}, err
}

// Delete runs the delete command that the state recorded.
func (c *Command) Delete(
	ctx context.Context, request infer.DeleteRequest[CommandState],
) (infer.DeleteResponse, error) {
	if request.State.Delete == nil {
		return infer.DeleteResponse{}, nil
	}
	_, err := execute(ctx, c.closing, *request.State.Delete, request.State.Execution, request.State.Output)
	return infer.DeleteResponse{}, err
}

// WireDependencies makes what a command printed secret when anything it was given is secret, and every other output
// as secret as the input of the same name.
func (c *Command) WireDependencies(f infer.FieldSelector, args *CommandInputs, state *CommandState) {
	f.OutputField(&state.Stdout).DependsOn(f.InputField(args).Secret(), f.InputField(args).Computed())
	f.OutputField(&state.Stderr).DependsOn(f.InputField(args).Secret(), f.InputField(args).Computed())
	for _, same := range []struct{ output, input any }{
		{&state.Create, &args.Create},
		{&state.Update, &args.Update},
		{&state.Delete, &args.Delete},
		{&state.Triggers, &args.Triggers},
		{&state.Dir, &args.Dir},
		{&state.Environment, &args.Environment},
		{&state.Stdin, &args.Stdin},
		{&state.Interpreter, &args.Interpreter},
		{&state.Logging, &args.Logging},
		{&state.AddPreviousOutputInEnv, &args.AddPreviousOutputInEnv},
	} {
		input := f.InputField(same.input)
		f.OutputField(same.output).DependsOn(input.Secret(), input.Computed())
	}
}
