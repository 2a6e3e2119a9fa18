// Command pulumi-resource-command is the fallback for Pulumi's own command provider on a machine that reaches only
// package registries, where that provider is not served. It offers the local half of @pulumi/command: the Command
// resource and the run function, with the behaviour this repository relies on. assetPaths, archivePaths and the remote
// resources are left to the official provider.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/pulumi/pulumi-go-provider/infer"
)

// version is the @pulumi/command line this binary stands in for: the engine looks plugins up by it.
const version = "1.2.1"

func main() {
	// The engine closes a plugin with an interrupt and kills it soon after. Commands run in process groups of their
	// own, so nobody but this process can end them.
	closing, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()

	provider, err := infer.NewProviderBuilder().
		WithResources(infer.Resource(&Command{closing: closing})).
		WithFunctions(infer.Function(&Run{closing: closing})).
		Build()
	if err == nil {
		err = provider.Run(closing, "command", version)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
