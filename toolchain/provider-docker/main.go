// Command pulumi-resource-docker is the fallback for Pulumi's own docker provider on a machine that reaches only
// package registries: the same upstream Terraform provider behind the same bridge, under the same tokens and property
// names, so that programs and state written with @pulumi/docker work with either.
package main

import (
	"github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfbridge"
	shimv2 "github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfshim/sdk-v2"
	"github.com/terraform-providers/terraform-provider-docker/internal/provider"
)

// version is the @pulumi/docker line this binary stands in for: the engine looks plugins up by it.
const version = "5.2.0"

const module = "index"

func main() {
	// No schema: the engine asks for one only to generate SDKs or to warn about property types.
	tfbridge.Main("docker", version, providerInfo(), nil)
}

func providerInfo() tfbridge.ProviderInfo {
	info := tfbridge.ProviderInfo{
		P:       shimv2.NewProvider(provider.New(version)()),
		Name:    "docker",
		Version: version,
		Config: map[string]*tfbridge.SchemaInfo{
			"registry_auth": {Name: "registryAuth"},
		},
		Resources: map[string]*tfbridge.ResourceInfo{
			"docker_buildx_builder": resource("BuildxBuilder", nil),
			"docker_config":         resource("ServiceConfig", nil),
			"docker_container":      container(),
			"docker_image":          resource("RemoteImage", keptAs("name")),
			"docker_network":        resource("Network", nil),
			"docker_plugin":         resource("Plugin", nil),
			"docker_registry_image": resource("RegistryImage", nil),
			"docker_secret":         resource("Secret", nil),
			"docker_service":        resource("Service", nil),
			"docker_tag":            resource("Tag", nil),
			"docker_volume":         resource("Volume", nil),
		},
		DataSources: map[string]*tfbridge.DataSourceInfo{
			"docker_image":                    function("getRemoteImage"),
			"docker_logs":                     function("getLogs"),
			"docker_network":                  function("getNetwork"),
			"docker_plugin":                   function("getPlugin"),
			"docker_registry_image":           function("getRegistryImage"),
			"docker_registry_image_manifests": function("getRegistryImageManifests"),
		},
	}
	info.SetAutonaming(255, "-")
	return info
}

// container deletes first, because name and published ports belong to one container at a time.
func container() *tfbridge.ResourceInfo {
	info := resource("Container", map[string]*tfbridge.SchemaInfo{
		"command":           {Name: "command"},
		"networks_advanced": {Name: "networksAdvanced"},
	})
	info.DeleteBeforeReplace = true
	return info
}

func resource(name string, fields map[string]*tfbridge.SchemaInfo) *tfbridge.ResourceInfo {
	return &tfbridge.ResourceInfo{
		Tok:    tfbridge.MakeResource("docker", module, name),
		Fields: fields,
	}
}

func function(name string) *tfbridge.DataSourceInfo {
	return &tfbridge.DataSourceInfo{Tok: tfbridge.MakeDataSource("docker", module, name)}
}

// keptAs stops a field from being pluralised or auto-named.
func keptAs(field string) map[string]*tfbridge.SchemaInfo {
	return map[string]*tfbridge.SchemaInfo{field: {Name: field}}
}
