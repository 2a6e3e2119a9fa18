// Package v2 takes the place of the generated one, which has a type for each kind of object and half a million lines
// below it. The provider needs none of these types: it registers what a chart or a manifest holds, by kind.
package v2

import (
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// RegisterResource registers an object under the type token that the generated package has for its kind.
func RegisterResource(
	ctx *pulumi.Context, apiVersion, kind, name string, props pulumi.Input, opts ...pulumi.ResourceOption,
) (pulumi.CustomResource, error) {
	var resource pulumi.CustomResourceState
	if err := ctx.RegisterResource(tokenOf(apiVersion, kind), name, props, &resource, opts...); err != nil {
		return nil, err
	}
	return &resource, nil
}

// tokenOf gives the core group its name, which an object's apiVersion leaves out.
func tokenOf(apiVersion, kind string) string {
	if !strings.Contains(apiVersion, "/") {
		apiVersion = "core/" + apiVersion
	}
	return "kubernetes:" + apiVersion + ":" + kind
}
