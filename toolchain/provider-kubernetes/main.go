// Command pulumi-resource-kubernetes is Pulumi's own Kubernetes provider, built from the module that its repository is
// served as. The module lacks the two files embedded here: set-up makes them from the two that it has.
package main

import (
	_ "embed"

	"github.com/pulumi/pulumi-kubernetes/provider/v4/pkg/provider"
	"github.com/pulumi/pulumi-kubernetes/provider/v4/pkg/version"
)

//go:embed schema-embed.json
var schema []byte

//go:embed terraform-mapping-embed.json
var mapping []byte

func main() {
	provider.Serve("kubernetes", version.Version, schema, mapping)
}
