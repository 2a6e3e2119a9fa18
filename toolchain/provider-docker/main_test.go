package main

import (
	"os"
	"regexp"
	"slices"
	"testing"

	"github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfbridge"
	shim "github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfshim"
)

// sdk is the installed package whose programs this provider must satisfy.
const sdk = "../../node_modules/@pulumi/docker/"

// input matches a property of the State and Args interfaces of a resource's declaration file.
var input = regexp.MustCompile(`(?m)^    (\w+)\??: pulumi\.Input<`)

func TestEveryResourceKnowsThePropertiesOfTheSDK(t *testing.T) {
	info := providerInfo()
	for resource, file := range map[string]string{
		"docker_buildx_builder": "buildxBuilder",
		"docker_config":         "serviceConfig",
		"docker_container":      "container",
		"docker_image":          "remoteImage",
		"docker_network":        "network",
		"docker_plugin":         "plugin",
		"docker_registry_image": "registryImage",
		"docker_secret":         "secret",
		"docker_service":        "service",
		"docker_tag":            "tag",
		"docker_volume":         "volume",
	} {
		schema := info.P.ResourcesMap().Get(resource).Schema()
		expectKnown(t, file, namesOf(schema, info.Resources[resource].GetFields()))
	}
	expectKnown(t, "provider", namesOf(info.P.Schema(), info.Config))
}

func namesOf(schema shim.SchemaMap, fields map[string]*tfbridge.SchemaInfo) []string {
	names := []string{}
	schema.Range(func(name string, _ shim.Schema) bool {
		names = append(names, tfbridge.TerraformToPulumiNameV2(name, schema, fields))
		return true
	})
	return names
}

func expectKnown(t *testing.T, file string, names []string) {
	t.Helper()
	text, err := os.ReadFile(sdk + file + ".d.ts")
	if err != nil {
		t.Fatal("the SDK is not installed, run npm ci first: ", err)
	}
	matches := input.FindAllSubmatch(text, -1)
	if len(matches) == 0 {
		t.Errorf("%s: no properties found, has the declaration file changed its form?", file)
	}
	for _, match := range matches {
		if !slices.Contains(names, string(match[1])) {
			t.Errorf("%s: the SDK's property %s is unknown, there are %v", file, match[1], names)
		}
	}
}
